import { hasCycle } from "../net/graph/graph.ts";
import { resolveLinks } from "../net/graph/links.ts";
import { compareText } from "../util/compare-text.ts";
import type { Dataplane, LoopGuard, OvsDataplane, OvsTunnel, Topology } from "../model/cluster.ts";
import { sortByName } from "./explain/compare-names.ts";
import type { SpecNetwork } from "./schema/spec-schema.ts";

/** The kernel's default (drivers/net/vxlan); 4789, IANA's, is where Docker Swarm and Open vSwitch listen. */
const DEFAULT_VXLAN_PORT = 8472;

/** IANA's: VXLAN (RFC 7348, section 5) and Geneve (RFC 8926, section 3.3), which Open vSwitch uses too; GRE has none. */
const DEFAULT_OVS_PORTS: Record<OvsTunnel, number | undefined> = { vxlan: 4789, geneve: 6081, gre: undefined };

type Written = SpecNetwork["dataplane"];
type WrittenOvs = Extract<Written, { type: "ovs" }>;

/** `hosts` are all host names in order. */
export function resolveDataplane(written: Written, hosts: readonly string[]): Dataplane {
  if (written === "ovs") return resolveOvs({ type: "ovs" }, hosts);
  if (typeof written === "object" && written.type === "ovs") return resolveOvs(written, hosts);
  const long: { port?: number | undefined; vni?: number | undefined } = typeof written === "object" ? written : {};
  return { type: "vxlan", peers: "unicast", port: long.port ?? DEFAULT_VXLAN_PORT, ...(long.vni === undefined ? {} : { vni: long.vni }) };
}

function resolveOvs(written: WrittenOvs, hosts: readonly string[]): OvsDataplane {
  const tunnel = written.tunnel ?? "vxlan";
  const port = written.port ?? DEFAULT_OVS_PORTS[tunnel];
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
