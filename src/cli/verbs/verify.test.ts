import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { createFakeHosts } from "../../verify/measure/fake-hosts.fixture.ts";
import { createTarget } from "../../verify/judge/healthy.fixture.ts";
import type { VerifyReport } from "../../verify/report/report.ts";
import { registerVerify } from "./verify.ts";

const target = createTarget(["vm1", "vm2", "vm3"], [{ name: "apps", egress: "masquerade" }]);

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

async function runVerify(...flags: string[]): Promise<{ out: string; exitCode: unknown; closed: boolean }> {
  let out = "";
  let closed = false;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  const program = new Command().exitOverride();
  const { connections } = createFakeHosts(target, flags.includes("broken") ? { noProbe: { vm2: ["apps"] } } : {});
  registerVerify(program, () =>
    Promise.resolve({ target, connections, nftTable: "t", containers: [], known: [], close: async () => void (closed = true) }),
  );
  await program.parseAsync(["verify", ...flags.filter((flag) => flag !== "broken")], { from: "user" });
  return { out, exitCode: process.exitCode, closed };
}

test("a whole cluster: matrix, exit 0, connections closed", async () => {
  const { out, exitCode, closed } = await runVerify();
  expect(out).toContain("apps  6 of 6 pairs ok");
  expect(out).toContain("verified: every measured promise holds");
  expect([exitCode ?? 0, closed]).toEqual([0, true]);
});

test("a failure: one line, exit 1; --json is the report alone", async () => {
  const { out, exitCode } = await runVerify("broken");
  expect(out.split("\n").filter((line) => line.startsWith("FAIL "))).toHaveLength(1);
  expect(exitCode).toBe(1);
  vi.restoreAllMocks();
  const report = JSON.parse((await runVerify("broken", "--json")).out) as VerifyReport;
  expect(report).toMatchObject({ version: 1, ok: false, failures: [{ check: "endpoint", where: "vm2" }] });
});

test("--host limits the pairs", async () => {
  const report = JSON.parse((await runVerify("--json", "--host", "vm1,vm3")).out) as VerifyReport;
  expect(report.networks[0]?.pairs.map(({ from, to }) => `${from} ${to}`)).toEqual(["vm1 vm3", "vm3 vm1"]);
});
