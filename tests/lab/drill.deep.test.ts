import { expect, test } from "vitest";
import { drillKillMatrix } from "../drill/kill-matrix.ts";
import { drillLockout } from "../drill/lockout-drill.ts";
import { drillRollbackOnHosts } from "../drill/rollback-on-hosts.ts";
import { drillRollback } from "../drill/rollback-drill.ts";

/** A sample of `npm run drill`. The same everywhere, so that a run is red for what changed; DRILL_SEED takes another. */
const seed = Number(process.env["DRILL_SEED"] ?? 1);

test("F01: lock-out drill: a sample loses no host", { timeout: 300_000 }, async () => {
  const { runs, failures } = await drillLockout(seed, 8);
  expect({ seed, runs, failures }).toEqual({ seed, runs: 8, failures: [] });
});

test("rollback drill: a sample is as before in all runs", { timeout: 300_000 }, async () => {
  const { runs, failures } = await drillRollback(seed, 20);
  expect({ seed, runs, failures }).toEqual({ seed, runs: 20, failures: [] });
});

test("rollback drill on hosts with real kernels: a sample is as before in all runs", { timeout: 600_000 }, async () => {
  const { runs, failures } = await drillRollbackOnHosts(seed, 8);
  expect({ seed, runs, failures }).toEqual({ seed, runs: 8, failures: [] });
});

test("kill matrix: a sample of its cells, kernel VXLAN, Open vSwitch and Docker, ends as specified", { timeout: 900_000 }, async () => {
  const { runs, failures } = await drillKillMatrix({ seed, cells: 3, say: () => {} });
  expect({ seed, runs, failures }).toEqual({ seed, runs: 9, failures: [] });
});
