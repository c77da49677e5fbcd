import type { Plan } from "../../src/model/plan.ts";
import { SpanwireError, type Problem } from "../../src/model/problem.ts";
import { toCluster, type ClusterShape, type NetworkShape } from "./cluster-arbitrary.ts";
import { createFakeFleet, type FakeFleet } from "./fake-fleet.ts";

export const PLAIN: NetworkShape = { vni: undefined, port: 8472, egress: "masquerade", docker: true, mtu: undefined, pin: undefined };
export const THREE_HOSTS: ClusterShape = { hosts: [1, 2, 3], networks: { 1: PLAIN } };

/** A fleet on which `shape` was applied. */
export async function applied(shape: ClusterShape = THREE_HOSTS): Promise<{ fleet: FakeFleet; plan: Plan }> {
  const cluster = toCluster(shape);
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const result = await fleet.apply(plan);
  if (result.outcome !== "applied") throw new Error(JSON.stringify(result.problems));
  return { fleet, plan };
}

/** The problems a promise fails with; fails when it does not. */
export async function problemsOf(promise: Promise<unknown>): Promise<readonly Problem[]> {
  const problems = await promise.then(
    () => undefined,
    (error: unknown) => (error instanceof SpanwireError ? error.problems : Promise.reject(error)),
  );
  if (problems === undefined) throw new Error("it should have failed");
  return problems;
}

export const bridgeOf = (plan: Plan, network: string): string => {
  const found = plan.hosts
    .flatMap((host) => host.steps)
    .find((step) => step.after?.kind === "bridge" && step.after.mark.includes(`,network=${network},`));
  if (found?.after?.kind !== "bridge") throw new Error(`no bridge of ${network} in the plan`);
  return found.after.name;
};

export { toCluster };
