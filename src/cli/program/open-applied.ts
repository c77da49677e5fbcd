import type { ResolvedNetwork } from "../../model/network.ts";
import { resolveNetworks } from "../../lock/resolve-networks.ts";
import { gatherHosts, type GatheredHosts } from "../../engine/gather-hosts.ts";
import { recoverLock } from "../../lock/recover-lock.ts";
import type { Lock } from "../../model/lock.ts";
import { SpanwireError } from "../../model/problem.ts";
import { hostsOf, openSession, requireHosts, type TargetFlags } from "./session.ts";

export interface AppliedCluster {
  gathered: GatheredHosts;
  lock: Lock;
  networks: readonly ResolvedNetwork[];
}

/** The hosts of a cluster that has been applied, opened, for verbs that look at what stands. The caller closes `gathered`. */
export async function openApplied(flags: TargetFlags, doing: string): Promise<AppliedCluster> {
  const session = await openSession(flags);
  const { cluster } = session.spec;
  requireHosts(cluster.hosts, flags); // of one that has left the file nothing is promised
  const hosts = hostsOf(session, flags.host).filter((host) => cluster.hosts.some(({ name }) => name === host.name));
  const gathered = await gatherHosts(hosts, session.transport);
  const lock = session.lock ?? recoverLock(cluster, gathered.snapshots);
  if (lock !== undefined) return { gathered, lock, networks: resolveNetworks(cluster, lock) };
  await gathered.close();
  if (gathered.unreachable.length > 0) throw new SpanwireError(gathered.unreachable);
  const why = "it has not been applied yet";
  throw new SpanwireError({ kind: "input", doing, what: `cluster ${cluster.name}`, where: "", why, try: "run `spanwire apply` first" });
}
