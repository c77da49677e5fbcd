import { hasCycle } from "../../net/graph/graph.ts";
import { resolveLinks, type Topology } from "../../net/graph/links.ts";
import { sortByName } from "../../util/compare-names.ts";
import { compareText } from "../../util/compare-text.ts";
import type { WrittenOvs } from "./schema.ts";

/** Open vSwitch: one bridge of its own per network, one tunnel port per linked host (ovs-vswitchd.conf.db(5)). */
export interface OvsSpec {
  type: "ovs";
  tunnel: OvsTunnel;
  /** UDP port of VXLAN (RFC 7348: 4789) and Geneve (RFC 8926: 6081); GRE has none. */
  port?: number;
  /** Tells networks over the same hosts apart. A number fixed by the user; "none" is GRE without a key; absent: chosen once, kept in the lock. */
  key?: number | "none";
  topology: Topology;
  loops: LoopGuard;
  /** Bridge priorities the user set, by host: the lowest becomes the root (IEEE 802.1D, multiples of 4096 for RSTP). */
  priorities: Readonly<Record<string, number>>;
  /** How the OVS bridge meets our Linux bridge. */
  join: "internal" | "veth";
  /** "userspace" only when the user says so, or where a host's underlay is on such a bridge already. */
  datapath: "kernel" | "userspace";
}

type OvsTunnel = "vxlan" | "gre" | "geneve";

/** What keeps frames from going round: no forwarding between tunnels, a spanning tree, or a topology without a cycle. */
type LoopGuard = "split-horizon" | "rstp" | "stp" | "none";

/** IANA's: VXLAN (RFC 7348, section 5) and Geneve (RFC 8926, section 3.3), which Open vSwitch uses too; GRE has none. */
const DEFAULT_PORTS: Record<OvsTunnel, number | undefined> = { vxlan: 4789, geneve: 6081, gre: undefined };

export const hasTree = (spec: OvsSpec): spec is OvsSpec & { loops: "rstp" | "stp" } => spec.loops === "rstp" || spec.loops === "stp";

export function resolveOvs(written: WrittenOvs, hosts: readonly string[]): OvsSpec {
  const tunnel = written.tunnel ?? "vxlan";
  const port = written.port ?? DEFAULT_PORTS[tunnel];
  const topology = resolveTopology(written, hosts);
  return {
    type: "ovs",
    tunnel,
    ...(port === undefined ? {} : { port }),
    ...(written.key === undefined ? {} : { key: written.key }),
    topology,
    loops: written.loops ?? defaultLoops(topology, hosts),
    priorities: sortByName(written.priorities ?? {}),
    join: written.join ?? "internal",
    datapath: written.datapath ?? "kernel",
  };
}

function resolveTopology({ topology, hub, links }: WrittenOvs, hosts: readonly string[]): Topology {
  if (links !== undefined) {
    if ("nearest" in links) return { shape: "nearest", count: links.nearest };
    return { shape: "links", links: sortLinks(links) };
  }
  if (topology === "ring") return { shape: "ring" };
  if (topology === "star") return { shape: "star", hub: hub ?? hosts[0] ?? "" };
  return { shape: "mesh" };
}

function sortLinks(links: readonly (readonly string[])[]): [string, string][] {
  const pairs = links.map((pair): [string, string] => {
    const [a = "", b = ""] = pair.toSorted(compareText);
    return [a, b];
  });
  return pairs.toSorted((x, y) => compareText(x[0], y[0]) || compareText(x[1], y[1]));
}

function defaultLoops(topology: Topology, hosts: readonly string[]): LoopGuard {
  if (topology.shape === "mesh") return "split-horizon";
  if (topology.shape === "star") return "none";
  if (topology.shape !== "links") return "rstp";
  return hasCycle(hosts, resolveLinks(topology, hosts)) ? "rstp" : "none";
}
