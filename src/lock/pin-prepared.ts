import type { Cluster } from "../model/cluster.ts";
import type { Lock, LockedHost } from "../model/lock.ts";
import { PREPARATIONS, standInFor, type Made, type Preparation } from "../model/prepared.ts";
import { traitsOf } from "../dataplanes/index.ts";

export interface PinPreparedInput {
  cluster: Cluster;
  previous?: Lock;
  /** What each host that answered has made for this cluster so far. */
  prepared?: ReadonlyMap<string, Made>;
  /** Hosts that are to make everything anew. */
  renew?: ReadonlySet<string>;
}

/**
 * With what its hosts made for themselves: of one that answered what it has, or what stands for it until it is made; of one that
 * did not, what is locked.
 */
export function pinPrepared(
  hosts: Readonly<Record<string, LockedHost>>,
  { cluster, previous, prepared, renew }: PinPreparedInput,
): { hosts: Record<string, LockedHost>; changes: string[] } {
  const needed = new Set(cluster.networks.flatMap(({ dataplane }) => traitsOf(dataplane).prepares ?? []));
  const wanted = PREPARATIONS.filter((what) => needed.has(what));
  const changes: string[] = [];
  const pinned = Object.entries(hosts).map(([name, host]) => {
    const before = previous?.hosts[name]?.prepared ?? previous?.removedHosts[name]?.prepared;
    const kept = (what: Preparation, own: readonly string[] = []): string | undefined =>
      own.find((part) => part === before?.[what]) ?? own[0];
    const isRemade = (what: Preparation, part: string | undefined): boolean =>
      before?.[what] !== undefined && before[what] !== part && before[what] !== standInFor(what, name);
    const found = prepared?.get(name);
    const parts = wanted.flatMap((what): [Preparation, string][] => {
      const part =
        found === undefined
          ? before?.[what]
          : ((renew?.has(name) === true ? undefined : kept(what, found[what])) ?? standInFor(what, name));
      if (isRemade(what, part)) changes.push(`host ${name} has another ${WORDS[what]}`);
      return part === undefined ? [] : [[what, part]];
    });
    return [name, { ...host, ...(parts.length === 0 ? {} : { prepared: Object.fromEntries(parts) }) }] as const;
  });
  return { hosts: Object.fromEntries(pinned), changes };
}

const WORDS: Readonly<Record<Preparation, string>> = { "wireguard-key": "WireGuard key" };
