import fc from "fast-check";
import { failAt, type FaultMoment } from "../fault/faulty-system.ts";
import { clusterEdit, clusterShape, isAccepted, toCluster } from "../fake/cluster-arbitrary.ts";
import { createFakeFleet } from "../fake/fake-fleet.ts";
import { forgetRemovedHosts } from "../fake/forget-removed-hosts.ts";

export interface DrillResult {
  runs: number;
  /** What was not as it should be, one line each. */
  failures: string[];
}

const moment = fc.constantFrom<FaultMoment>("before", "inside", "after");
const scene = fc.record({ shape: clusterShape, edits: fc.array(clusterEdit, { maxLength: 3 }), at: fc.nat(1000), moment });

/** Generated clusters and edits, a failure at a random step before the confirm: every host must be as it was. */
export async function drillRollback(seed: number, runs: number): Promise<DrillResult> {
  const failures: string[] = [];
  let done = 0;
  // some edits change nothing, and count for nothing
  for (const [index, { shape, edits, at, moment: when }] of fc.sample(scene, { seed, numRuns: runs * 2 }).entries()) {
    if (done === runs) break;
    const after = edits.reduce((current, edit) => edit(current), shape);
    if (!isAccepted(shape, after)) continue;
    const fleet = createFakeFleet(toCluster(shape).hosts);
    const first = await fleet.plan(toCluster(shape));
    if (edits.length > 0) await fleet.apply(first);
    const edited = toCluster(after);
    const plan = edits.length > 0 ? await fleet.plan(edited, forgetRemovedHosts(first)) : first;
    const steps = plan.hosts.flatMap(({ host, steps: all }) =>
      all.filter((step) => step.stage !== "remove").map((step) => ({ host, id: step.id })),
    );
    const target = steps[at % Math.max(steps.length, 1)];
    if (target === undefined) continue;
    const before = fleet.dump();
    const result = await fleet.apply(plan, {
      wrap: (host, system) => (host === target.host ? failAt(system, target.id, when) : system),
    });
    done += 1;
    if (result.outcome !== "reverted") failures.push(`run ${index}: ${target.host} ${target.id} ${when}: ${result.outcome}`);
    if (fleet.dump() !== before) failures.push(`run ${index}: ${target.host} ${target.id} ${when}: a host is not as before`);
  }
  return { runs: done, failures };
}
