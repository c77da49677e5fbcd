import { expect, test } from "vitest";
import { drillKillMatrix } from "../drill/kill-matrix.ts";
import { drillLockout } from "../drill/lockout-drill.ts";
import { drillRollback } from "../drill/rollback-drill.ts";

/** A sample of `npm run drill`, with another seed each day; the seed is in the test's output. */
const seed = Math.floor(Date.now() / 86_400_000);

test("kill matrix: a sample of its cells ends as specified", { timeout: 600_000 }, async () => {
  const { runs, failures } = await drillKillMatrix({ seed, cells: 6, say: (text) => console.log(text) });
  expect({ seed, runs, failures }).toEqual({ seed, runs: 6, failures: [] });
});

test("F01: lock-out drill: a sample loses no host", { timeout: 300_000 }, async () => {
  const { runs, failures } = await drillLockout(seed, 10);
  expect({ seed, runs, failures }).toEqual({ seed, runs: 10, failures: [] });
});

test("rollback drill: a sample is as before in all runs", { timeout: 300_000 }, async () => {
  const { runs, failures } = await drillRollback(seed, 20);
  expect({ seed, runs, failures }).toEqual({ seed, runs: 20, failures: [] });
});
