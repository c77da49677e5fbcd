import { expect, test } from "vitest";
import { drillLockout } from "../drill/lockout-drill.ts";
import { drillRollback } from "../drill/rollback-drill.ts";

/**
 * A sample of `npm run drill`, with another seed each day; the seed is in the test's output. Of the kill matrix every kind of
 * fault but the full disk has a test in cluster-confirm.lab.test.ts.
 */
const seed = Math.floor(Date.now() / 86_400_000);

test("F01: lock-out drill: a sample loses no host", { timeout: 300_000 }, async () => {
  const { runs, failures } = await drillLockout(seed, 8);
  expect({ seed, runs, failures }).toEqual({ seed, runs: 8, failures: [] });
});

test("rollback drill: a sample is as before in all runs", { timeout: 300_000 }, async () => {
  const { runs, failures } = await drillRollback(seed, 20);
  expect({ seed, runs, failures }).toEqual({ seed, runs: 20, failures: [] });
});
