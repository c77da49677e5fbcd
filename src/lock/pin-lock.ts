import { SpanwireError, type FilePosition, type Problem } from "../model/problem.ts";
import type { Cluster } from "../model/cluster.ts";
import { getDataplane, traitsOf } from "../dataplanes/index.ts";
import type { Lock, LockedNetwork } from "../model/lock.ts";
import { pinHosts } from "./pin-hosts.ts";
import { pinPrepared, type PinPreparedInput } from "./pin-prepared.ts";
import { numberOf, pinNetwork } from "./pin-network.ts";

export interface PinLockInput extends PinPreparedInput {
  /** For a cluster without a lock; a previous lock keeps its own. */
  uuid: string;
  /** The smallest over all hosts that were read; undefined: none was. */
  underlayMtuBytes: number | undefined;
  underlayFamily: 4 | 6;
  /** Networks that are known to have no members: what would renumber those is allowed. */
  empty?: ReadonlySet<string>;
  /** Places in the spec file, for problems. */
  locate?: (path: readonly PropertyKey[]) => FilePosition;
}

/**
 * The lock for a cluster: everything already pinned stays, everything new gets its number. `changes` says so in
 * lines for people, `unmet` names wishes that wait. Throws SpanwireError when the file asks for what would renumber containers.
 */
export function pinLock(input: PinLockInput): { lock: Lock; changes: string[]; unmet: Problem[] } {
  const { cluster, previous } = input;
  if (previous !== undefined && previous.cluster !== cluster.name) {
    throw new SpanwireError(foreignLock(input, previous));
  }
  const { hosts: numbered, removedHosts, changes } = pinHosts(cluster, previous);
  const { hosts, changes: remade } = pinPrepared(numbered, input);
  changes.push(...remade);
  const uuid = previous?.uuid ?? input.uuid;
  const networks: Record<string, LockedNetwork> = {};
  const problems: Problem[] = [];
  const unmet: Problem[] = [];
  const numbers = usedNumbers(cluster, previous);
  const ports = usedPorts(cluster, previous);
  for (const network of cluster.networks) {
    const before = previous?.networks[network.name];
    const about = { ...input, uuid, network, before, hosts, removedHosts, numbers, ports };
    const kept = pinNetwork(about);
    const mayMove = kept.problems.length > 0 && before !== undefined && input.empty?.has(network.name) === true;
    const pinned = mayMove ? pinNetwork({ ...about, movesPlaces: true }) : kept;
    problems.push(...pinned.problems);
    changes.push(...pinned.changes);
    unmet.push(...pinned.unmet);
    networks[network.name] = pinned.locked;
  }
  for (const name of Object.keys(previous?.networks ?? {})) {
    if (!Object.hasOwn(networks, name)) changes.push(`network ${name} leaves the lock`);
  }
  if (problems.length > 0) throw new SpanwireError(problems);
  return { lock: { version: 2, cluster: cluster.name, uuid, hosts, networks, removedHosts }, changes, unmet };
}

/** Every VNI or key that is spoken for before the first one is derived: written in the file, or locked. */
function usedNumbers(cluster: Cluster, previous: Lock | undefined): Map<number, string> {
  const used = new Map<number, string>();
  for (const network of cluster.networks) {
    const written = traitsOf(network.dataplane).key?.number;
    const locked = previous?.networks[network.name];
    const number = written ?? (locked === undefined ? undefined : numberOf(locked));
    if (number === undefined) continue;
    const owner = used.get(number);
    // A locked number and a written one clash: the written one is at fault, so the locked owner keeps the entry.
    if (owner === undefined || written === undefined) used.set(number, network.name);
  }
  return used;
}

/** UDP ports that a file names or a pin keeps. Networks may share one, where their tunnels let them: then it names any of those. */
function usedPorts(cluster: Cluster, previous: Lock | undefined): Map<number, string> {
  const locked = Object.entries(previous?.networks ?? {}).flatMap(([name, { dataplane }]): [number, string][] => {
    const port = getDataplane(dataplane).portOf?.(dataplane);
    return port === undefined ? [] : [[port, name]];
  });
  const written = cluster.networks.flatMap(({ name, dataplane }): [number, string][] => {
    const port = traitsOf(dataplane).tunnel?.port;
    return port === undefined ? [] : [[port, name]];
  });
  return new Map([...written, ...locked]);
}

function foreignLock({ cluster, locate }: PinLockInput, previous: Lock): Problem {
  return {
    kind: "input",
    doing: "reading",
    what: "the lock",
    where: cluster.name,
    why: `it belongs to the cluster ${previous.cluster}, and the file describes ${cluster.name}`,
    try: "give the file its former cluster name, or move the lock of the other cluster away",
    ...(locate === undefined ? {} : { at: locate(["cluster"]) }),
  };
}
