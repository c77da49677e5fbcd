import { findAilingMembers } from "../plan/check/ailing-members.ts";
import { digestLock } from "../lock/lock-file.ts";
import { recoverLock } from "../lock/recover-lock.ts";
import type { Plan } from "../model/plan.ts";
import { planRemoval } from "../plan/plan-removal.ts";
import type { GatheredHosts } from "./gather-hosts.ts";
import { hostsOf, type Session } from "./session.ts";

export interface DestroyOptions {
  /** Only these hosts; they stay in the file and the lock. */
  only?: readonly string[] | undefined;
  allowManagementPath?: boolean | undefined;
}

/** Everything of ours goes from these hosts; undefined when there is nothing: no lock, and no host that carries the cluster. */
export function planDestroy(session: Session, gathered: GatheredHosts, { only, allowManagementPath }: DestroyOptions): Plan | undefined {
  const { cluster } = session.spec;
  const lock = session.lock ?? recoverLock(cluster, gathered.snapshots);
  if (lock === undefined) return undefined;
  const planned = hostsOf(session, only).flatMap((host) => {
    const snapshot = gathered.snapshots.get(host.name);
    return snapshot === undefined ? [] : [planRemoval(host, snapshot, lock.uuid, cluster, allowManagementPath)];
  });
  const isComplete = gathered.unreachable.length === 0 && only === undefined;
  const steps = new Map(planned.map(({ host }) => [host.host, host.steps]));
  return {
    ...{ version: 2, kind: "plan", cluster: lock.cluster, clusterUuid: lock.uuid },
    lockBefore: session.lock === undefined ? null : digestLock(session.lock),
    lock: isComplete ? null : lock,
    ...{ lockChanges: [], networks: [], unmet: [], warnings: gathered.unreachable },
    members: findAilingMembers([], gathered.snapshots, steps),
    hosts: planned.map(({ host }) => host),
    refusals: planned.flatMap(({ problems }) => problems),
  };
}
