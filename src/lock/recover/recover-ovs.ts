import { findMark, type Mark } from "../../model/mark.ts";
import type { Snapshot, SnapshotOvsBridge, SnapshotOvsPort } from "../../model/snapshot.ts";
import type { Cluster, OvsDataplane } from "../../model/cluster.ts";
import { formatShape } from "../ovs-shape.ts";
import { resolveLinks } from "../../net/graph/links.ts";

/** Tunnels of one network as its hosts have them. */
export interface FoundTunnels {
  /** Absent: GRE without a key. */
  key?: number;
  ports: { host: string; port: SnapshotOvsPort; bridge: SnapshotOvsBridge | undefined; join: OvsDataplane["join"] }[];
}

/** Our tunnels on all hosts, by network name. While a change was cut short a network may have two sets: the last found counts. */
export function findTunnels(snapshots: ReadonlyMap<string, Snapshot>, isOurs: (mark: Mark) => boolean): Map<string, FoundTunnels> {
  const found = new Map<string, FoundTunnels>();
  for (const [host, { ovs }] of snapshots) {
    if (ovs.state !== "ready") continue;
    const bridges = new Map(ovs.bridges.map((bridge) => [bridge.name, bridge]));
    const paired = new Set(ovs.ports.flatMap((port) => (port.name.startsWith("spww") ? [port.bridge] : [])));
    for (const port of ovs.ports) {
      const mark = findMark(port.mark);
      if (mark === undefined || !isOurs(mark) || port.options["remote_ip"] === undefined) continue;
      const key = port.options["key"] === undefined ? undefined : Number(port.options["key"]);
      const before = found.get(mark.network);
      const ports = before?.key === key ? (before?.ports ?? []) : [];
      found.set(mark.network, {
        ...(key === undefined ? {} : { key }),
        ports: [...ports, { host, port, bridge: bridges.get(port.bridge), join: paired.has(port.bridge) ? "veth" : "internal" }],
      });
    }
  }
  return found;
}

/**
 * The shape for the lock: the file's own, when the tunnels are what it asks for; else one that no file asks for, so that
 * the tunnels that are there get another key's beside them. `hosts` are those that were found, in the order of their numbers.
 */
export function recoverShape(dataplane: OvsDataplane, { key, ports }: FoundTunnels, cluster: Cluster, hosts: readonly string[]): string {
  const byAddress = new Map(cluster.hosts.map((host) => [host.address, host.name]));
  const seen = new Set(ports.map(({ host, port }) => pairText(host, byAddress.get(port.options["remote_ip"] ?? "") ?? "")));
  const wanted = new Set(resolveLinks(dataplane.topology, hosts).map(([a, b]) => pairText(a, b)));
  const isAsWritten =
    ports.every((one) => one.port.type === dataplane.tunnel && loopsOf(one) === dataplane.loops && one.join === dataplane.join) &&
    (key === undefined) === (dataplane.key === "none") &&
    seen.size === wanted.size &&
    [...wanted].every((pair) => seen.has(pair));
  const [first] = ports;
  return isAsWritten || first === undefined ? formatShape(dataplane) : `${first.port.type} unknown ${loopsOf(first)}`;
}

const pairText = (a: string, b: string): string => JSON.stringify([a, b].toSorted());

function loopsOf({ port, bridge }: FoundTunnels["ports"][number]): OvsDataplane["loops"] {
  if (bridge?.rstp === true) return "rstp";
  if (bridge?.stp === true) return "stp";
  return port.protected ? "split-horizon" : "none";
}
