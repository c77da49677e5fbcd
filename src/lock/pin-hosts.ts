import type { Cluster } from "../model/cluster.ts";
import type { Lock, LockedHost } from "../model/lock.ts";

export interface PinnedHosts {
  hosts: Record<string, LockedHost>;
  removedHosts: Record<string, LockedHost>;
  changes: string[];
}

/** Host indexes: kept, given back to a host that returns, or the lowest that no living or removed host holds. */
export function pinHosts(cluster: Cluster, previous: Lock | undefined): PinnedHosts {
  const hosts: Record<string, LockedHost> = {};
  const removedHosts: Record<string, LockedHost> = { ...previous?.removedHosts };
  const changes: string[] = [];
  const living = new Set(cluster.hosts.map((host) => host.name));
  for (const [name, host] of Object.entries(previous?.hosts ?? {})) {
    if (living.has(name)) continue;
    removedHosts[name] = host;
    changes.push(`host ${name} leaves; index ${host.index} stays taken until its clean-up was seen`);
  }
  const used = new Set([...Object.values(previous?.hosts ?? {}), ...Object.values(removedHosts)].map((host) => host.index));
  let next = 1;
  for (const { name, address, ssh } of cluster.hosts) {
    const before = previous?.hosts[name];
    const returning = before === undefined ? removedHosts[name] : undefined;
    delete removedHosts[name];
    while (used.has(next)) next++;
    const index = before?.index ?? returning?.index ?? next;
    used.add(index);
    hosts[name] = { index, address, ssh };
    if (returning !== undefined) changes.push(`host ${name} returns with its index ${index}`);
    else if (before === undefined) changes.push(`host ${name} joins with index ${index}`);
    const known = before ?? returning;
    if (known !== undefined && known.address !== address) changes.push(`host ${name} moves from ${known.address} to ${address}`);
    if (known !== undefined && known.ssh !== ssh) changes.push(`host ${name} is reached by ${ssh} instead of ${known.ssh}`);
  }
  return { hosts, removedHosts, changes };
}
