import type { Lock } from "../model/lock.ts";
import { SpanwireError } from "../model/problem.ts";
import { digestLock } from "../lock/lock-file.ts";
import type { Session } from "./session.ts";

/** Takes a host that has left the file out of the lock, with its slices. Throws when it is still wanted, or not there. */
export async function forgetHost({ spec, locks, lock }: Session, name: string): Promise<void> {
  const refuse = (why: string, advice: string): SpanwireError =>
    new SpanwireError({ kind: "input", doing: "forgetting", what: `host ${name}`, where: "", why, try: advice });
  if (spec.cluster.hosts.some((host) => host.name === name))
    throw refuse("the file has this host", "remove it from the file first; `spanwire apply` then cleans it, if it answers");
  if (lock === undefined || (lock.removedHosts[name] ?? lock.hosts[name]) === undefined)
    throw refuse(
      "the lock has no such host",
      `known are ${lock === undefined ? "none" : Object.keys({ ...lock.hosts, ...lock.removedHosts }).join(", ")}`,
    );
  const before = digestLock(lock);
  const next = withoutHost(lock, name);
  await locks.begin({ planId: `forget ${name}`, before, next });
  await locks.commit(next);
}

function withoutHost(lock: Lock, name: string): Lock {
  const without = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
  const networks = Object.entries(lock.networks).map(([key, network]) => [key, { ...network, slices: without(network.slices) }]);
  return { ...lock, hosts: without(lock.hosts), removedHosts: without(lock.removedHosts), networks: Object.fromEntries(networks) };
}
