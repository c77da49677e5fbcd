import type { Plan } from "../../src/model/plan.ts";
import type { Lock } from "../../src/model/lock.ts";

/** The lock after a plan was applied: hosts whose every trace is gone need no tombstone any more. */
export function forgetRemovedHosts(plan: Plan): Lock {
  const lock = plan.lock!;
  const cleaned = new Set(plan.hosts.filter((host) => host.leaving).map((host) => host.host));
  const without = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([host]) => !cleaned.has(host)));
  const networks = Object.fromEntries(
    Object.entries(lock.networks).map(([name, network]) => [name, { ...network, slices: without(network.slices) }]),
  );
  return { ...lock, networks, removedHosts: without(lock.removedHosts) };
}
