import type { ResolvedNetwork } from "../model/network.ts";
import { resolveNetworks } from "../lock/resolve-networks.ts";
import { recoverLock } from "../lock/recover-lock.ts";
import type { Lock } from "../model/lock.ts";
import { SpanwireError } from "../model/problem.ts";
import { gatherHosts, type GatheredHosts } from "./gather-hosts.ts";
import { hostsOf, type Session } from "./session.ts";
import { settleLock } from "./settle-lock.ts";

export interface AppliedCluster {
  gathered: GatheredHosts;
  lock: Lock;
  networks: readonly ResolvedNetwork[];
}

/** The hosts of a cluster that has been applied, opened, for whoever looks at what stands. The caller closes `gathered`. */
export async function openApplied(session: Session, only: readonly string[] | undefined, doing: string): Promise<AppliedCluster> {
  const { cluster } = session.spec;
  const hosts = hostsOf(session, only).filter((host) => cluster.hosts.some(({ name }) => name === host.name));
  const gathered = await gatherHosts(hosts, session.transport);
  const settled = await settleLock(session.locks, gathered.snapshots, false);
  const lock = settled.lock ?? recoverLock(cluster, gathered.snapshots);
  if (lock !== undefined) return { gathered, lock, networks: resolveNetworks(cluster, lock) };
  await gathered.close();
  if (gathered.unreachable.length > 0) throw new SpanwireError(gathered.unreachable);
  const why = "it has not been applied yet";
  throw new SpanwireError({ kind: "input", doing, what: `cluster ${cluster.name}`, where: "", why, try: "run `spanwire apply` first" });
}
