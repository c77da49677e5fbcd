import { CLUSTER_LABEL, isMarkedBy, NETWORK_LABEL, networkOfMark } from "../model/mark.ts";
import type { Lock } from "../model/lock.ts";
import type { Snapshot } from "../model/snapshot.ts";

/**
 * Networks that have no member on any host: nobody is renumbered when they get other addresses. Whoever is on a network is
 * a port of its bridge that is not ours, or a stopped container. Not known while a host does not answer, or its Docker.
 */
export function findEmptyNetworks(lock: Lock, snapshots: ReadonlyMap<string, Snapshot>): Set<string> {
  const hosts = Object.keys({ ...lock.hosts, ...lock.removedHosts });
  const names = Object.keys(lock.networks);
  if (hosts.some((host) => snapshots.get(host)?.docker.state !== "ready")) return new Set();
  const used = new Set([...snapshots.values()].flatMap((snapshot) => networksWithMembers(snapshot, lock.uuid)));
  return new Set(names.filter((name) => !used.has(name)));
}

function networksWithMembers({ links, docker }: Snapshot, uuid: string): string[] {
  const bridges = new Map(links.flatMap(({ name, alias }) => (isMarkedBy(alias, uuid) ? [[name, networkOfMark(alias)] as const] : [])));
  const ports = links.filter(({ alias }) => !isMarkedBy(alias, uuid)).flatMap(({ master }) => bridges.get(master ?? "") ?? []);
  if (docker.state !== "ready") return ports;
  const ours = docker.networks.filter(({ labels }) => labels[CLUSTER_LABEL] === uuid);
  const byName = new Map(ours.map(({ name, labels }) => [name, labels[NETWORK_LABEL] ?? ""]));
  return [...ports, ...[...docker.endpoints, ...docker.stopped].flatMap(({ network }) => byName.get(network) ?? [])];
}
