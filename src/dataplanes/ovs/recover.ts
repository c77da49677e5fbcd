import { findMark } from "../../model/mark.ts";
import type { SnapshotOvsBridge, SnapshotOvsPort } from "../../model/snapshot.ts";
import type { DataplaneSpec } from "../../model/cluster.ts";
import { resolveLinks } from "../../net/graph/links.ts";
import type { RecoverInput } from "../dataplane.ts";
import { deriveVni } from "../derive-vni.ts";
import type { OvsPin } from "./pin.ts";
import { formatShape } from "./shape.ts";
import type { OvsSpec } from "./spec.ts";

/** The pin of a network that its hosts have over Open vSwitch. One without a key has a number all the same, the one it got at first. */
export function recoverOvs(input: RecoverInput): OvsPin | undefined {
  const { network, uuid, snapshots } = input;
  const tunnels = findTunnels(input);
  const isJoined = [...snapshots.values()].some(({ links }) =>
    links.some(({ name, alias }) => {
      const mark = findMark(alias);
      return /^spw[iy]/.test(name) && mark?.uuid === uuid && mark.network === network.name;
    }),
  );
  if (tunnels === undefined && !isJoined) return undefined;
  const key = tunnels?.key ?? deriveVni(uuid, network.name, new Map());
  return { type: "ovs", key, ...(tunnels === undefined ? {} : { shape: recoverShape(input, tunnels) }) };
}

/** Tunnels of one network as its hosts have them. */
interface FoundTunnels {
  /** Absent: GRE without a key. */
  key?: number;
  ports: { host: string; port: SnapshotOvsPort; bridge: SnapshotOvsBridge | undefined; join: OvsSpec["join"] }[];
}

/** While a change was cut short a network may have two sets: the last found counts. */
function findTunnels({ network, uuid, snapshots }: RecoverInput): FoundTunnels | undefined {
  let found: FoundTunnels | undefined;
  for (const [host, { ovs }] of snapshots) {
    if (ovs.state !== "ready") continue;
    const bridges = new Map(ovs.bridges.map((bridge) => [bridge.name, bridge]));
    const paired = new Set(ovs.ports.flatMap((port) => (port.name.startsWith("spww") ? [port.bridge] : [])));
    for (const port of ovs.ports) {
      const mark = findMark(port.mark);
      if (mark?.uuid !== uuid || mark.network !== network.name || port.options["remote_ip"] === undefined) continue;
      const key = port.options["key"] === undefined ? undefined : Number(port.options["key"]);
      const ports = found?.key === key ? (found?.ports ?? []) : [];
      found = {
        ...(key === undefined ? {} : { key }),
        ports: [...ports, { host, port, bridge: bridges.get(port.bridge), join: paired.has(port.bridge) ? "veth" : "internal" }],
      };
    }
  }
  return found;
}

/**
 * The shape for the lock: the file's own, when the tunnels are what it asks for; else one that no file asks for, so that
 * the tunnels that are there get another key's beside them.
 */
function recoverShape({ network, hostOf, hosts }: RecoverInput, { key, ports }: FoundTunnels): string {
  const [first] = ports;
  const unknown = first === undefined ? "" : `${first.port.type} unknown ${loopsOf(first)}`;
  if (!isOvs(network.dataplane)) return unknown;
  const { dataplane } = network;
  const seen = new Set(ports.map(({ host, port }) => pairText(host, hostOf.get(port.options["remote_ip"] ?? "") ?? "")));
  const wanted = new Set(resolveLinks(dataplane.topology, hosts).map(([a, b]) => pairText(a, b)));
  const isAsWritten =
    ports.every((one) => one.port.type === dataplane.tunnel && loopsOf(one) === dataplane.loops && one.join === dataplane.join) &&
    (key === undefined) === (dataplane.key === "none") &&
    seen.size === wanted.size &&
    [...wanted].every((pair) => seen.has(pair));
  return isAsWritten || first === undefined ? formatShape(dataplane) : unknown;
}

const pairText = (a: string, b: string): string => JSON.stringify([a, b].toSorted());

function loopsOf({ port, bridge }: FoundTunnels["ports"][number]): OvsSpec["loops"] {
  if (bridge?.rstp === true) return "rstp";
  if (bridge?.stp === true) return "stp";
  return port.protected ? "split-horizon" : "none";
}

/** The file may ask for another plane than the hosts have. */
const isOvs = (dataplane: DataplaneSpec): dataplane is OvsSpec => dataplane.type === "ovs";
