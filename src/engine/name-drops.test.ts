import { expect, test } from "vitest";
import type { DropRule } from "../host/observe/read-drops.ts";
import type { Connection } from "../transport/connection.ts";
import type { PairReport, VerifyReport } from "../verify/report/report.ts";
import { nameDrops } from "./name-drops.ts";

const pair = (from: string, to: string, reachable: boolean): PairReport => ({
  ...{ from, to, tested: true, reachable, rttMs: null, mtuBytes: null, copies: null, duplicates: null, gatewayReachable: null },
});
const report = (...pairs: PairReport[]): VerifyReport => ({
  ...{ version: 1, ok: false, isolation: [], containers: [], failures: [], notTested: [] },
  networks: [{ name: "apps", mtuBytes: 1450, expectedCopies: 1, pairs }],
});

/** A host whose rules count on each reading as told. */
function host(name: string, ...readings: (readonly DropRule[])[]): Connection {
  return { host: name, request: async () => readings.shift() ?? [], close: async () => {} };
}
const rule = (packets: number, handle = 7): DropRule => ({ does: "refuses", chain: "ip filter FORWARD", handle, packets });

test("the rule that counted while silent pairs were measured again is named, and no other", async () => {
  const connections = new Map([
    ["vm1", host("vm1", [rule(3)], [rule(3)])],
    ["vm2", host("vm2", [rule(10), rule(5, 9)], [rule(22), rule(5, 9)])],
    ["vm3", host("vm3", [rule(0)], [rule(50)])],
  ]);
  const asked: string[][] = [];
  const { failures } = await nameDrops(report(pair("vm1", "vm2", false), pair("vm1", "vm3", true)), connections, async (hosts) =>
    asked.push([...hosts]),
  );
  expect(asked).toEqual([["vm1", "vm2"]]);
  expect(failures).toMatchObject([
    {
      check: "firewall",
      where: "vm2",
      why: expect.stringContaining("refused 12 packets while they were measured again: chain ip filter FORWARD, handle 7"),
    },
  ]);
});

test("where every pair answers nobody is asked for rules", async () => {
  const good = report(pair("vm1", "vm2", true));
  expect(await nameDrops(good, new Map(), () => Promise.reject(new Error("not asked")))).toBe(good);
});
