import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyCluster } from "../../src/verify/verify-cluster.ts";
import { createVerifyLab, TABLE, type VerifyLab } from "./verify-lab.ts";

let lab: VerifyLab;
beforeAll(async () => {
  lab = await createVerifyLab(3);
}, 30_000);
afterAll(async () => {
  await lab?.destroy();
}, 30_000);

test("a whole network passes every check", async () => {
  const started = performance.now();
  const report = await verifyCluster(lab.target, lab.connections, { nftTable: TABLE });
  console.log(Math.round(performance.now() - started), JSON.stringify(report, null, 1));
  expect(report.failures).toEqual([]);
}, 30_000);
