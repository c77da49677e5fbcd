import { findClosingLink, findParts, findSinglePoints, neighboursByHost } from "../../net/graph/graph.ts";
import { countLinks, resolveLinks, type Link } from "../../net/graph/links.ts";
import { findBridgeDiameter } from "../../net/graph/bridge-diameter.ts";
import type { Problem } from "../../model/problem.ts";
import { familyOf } from "../../net/prefix.ts";
import { listNames } from "../../util/list-names.ts";
import type { CheckInput, Findings } from "../dataplane.ts";
import { checkLinks } from "./check-links.ts";
import { hasTree, type OvsSpec } from "./spec.ts";

/** A full mesh of 200 hosts. */
const MOST_LINKS = 19_900;

/** A bridge drops spanning tree messages that are older than max age, 20, and each bridge adds one (IEEE 802.1D-2004, 17.14 and 17.21.23). */
const MOST_BRIDGE_DIAMETER = 20;

/** One network's links, as its checks see them. */
interface Graph {
  dataplane: OvsSpec;
  hosts: readonly string[];
  links: readonly Link[];
  fail: CheckInput<OvsSpec>["fail"];
}

/** Links between hosts there are, everybody reached, and no loop without protection. */
export function checkOvs(input: CheckInput<OvsSpec>): Findings {
  const { network, hosts, fail } = input;
  const { dataplane } = network;
  const faults = [...checkLinks(input), ...checkSize(dataplane, hosts.length, fail)];
  if (faults.length > 0) return { problems: [...faults, ...checkGreFamily(input)], warnings: [] };
  const graph = { dataplane, hosts, links: resolveLinks(dataplane.topology, hosts), fail };
  return {
    problems: [...checkParts(graph), ...checkLoops(graph), ...checkTree(graph), ...checkJoin(graph), ...checkGreFamily(input)],
    warnings: warnOfSinglePoints(graph, input.written["hub"] !== undefined),
  };
}

/**
 * Measured on Open vSwitch 3.1: a port outside the RSTP tree that comes after RSTP began gets no broadcast. A pair is such a
 * port each time it is made again.
 */
function checkJoin({ dataplane, fail }: Graph): Problem[] {
  if (dataplane.join !== "veth" || dataplane.loops !== "rstp") return [];
  const why = "with rstp Open vSwitch floods nothing to a port that takes no part in it, and a veth pair must take none";
  return [fail(["join"], { why, try: "write join: internal, or loops: stp" })];
}

function checkSize({ topology }: OvsSpec, hostCount: number, fail: Graph["fail"]): Problem[] {
  const count = countLinks(topology, hostCount);
  if (count <= MOST_LINKS) return [];
  const what = topology.shape === "mesh" ? `a full mesh of ${hostCount} hosts` : "the topology";
  const near = leastNearest(hostCount);
  return [
    fail([topology.shape === "mesh" ? "topology" : "links"], {
      why: `${what} has ${count} links; at most ${MOST_LINKS} are supported, a full mesh of 200 hosts`,
      try:
        countLinks({ shape: "nearest", count: near }, hostCount) <= MOST_LINKS
          ? `write links: { nearest: ${near} }, or dataplane: vxlan, which has no links`
          : "write dataplane: vxlan, which has no links, or topology: star",
    }),
  ];
}

/**
 * So many that a spanning tree message gets from any host to any other: half the ring in steps of half as many, and one more
 * step around a lost link.
 */
function leastNearest(hostCount: number): number {
  const least = Math.ceil((hostCount - 1) / (MOST_BRIDGE_DIAMETER - 2));
  return Math.max(4, least + (least % 2));
}

function checkParts({ dataplane, hosts, links, fail }: Graph): Problem[] {
  const [first, second] = findParts(hosts, links);
  if (first === undefined || second === undefined) return [];
  const field = dataplane.topology.shape === "links" ? ["links"] : ["topology"];
  return [
    fail(field, {
      why: `nothing links ${listNames(second)} with ${listNames(first)}`,
      try: `add a link, like [${first[0]}, ${second[0]}]`,
    }),
  ];
}

function checkLoops({ dataplane, hosts, links, fail }: Graph): Problem[] {
  const { loops, topology, priorities } = dataplane;
  if (loops === "none") {
    const closing = findClosingLink(hosts, links);
    if (closing !== undefined) {
      const why = `the link of ${closing.join(" and ")} closes a loop, and without loop protection broadcasts circulate endlessly`;
      return [fail(["loops"], { kind: "refused", why, try: "write loops: rstp, or take a link out of every loop" })];
    }
    if (Object.keys(priorities).length === 0) return [];
    const why = "the links are a tree already, so there is no spanning tree whose root could be chosen";
    return [fail(["priorities"], { why, try: "remove them, or write loops: rstp" })];
  }
  const missing = loops === "split-horizon" ? findMissingLink(hosts, links) : undefined;
  if (missing === undefined) return [];
  const shape = topology.shape === "links" || topology.shape === "nearest" ? "the links are" : `a ${topology.shape} is`;
  const why = `split horizon passes nothing on between tunnels, and ${shape} no full mesh: ${missing.join(" and ")} would not reach each other`;
  return [fail(["loops"], { kind: "refused", why, try: "write loops: rstp, or topology: mesh" })];
}

function findMissingLink(hosts: readonly string[], links: readonly Link[]): Link | undefined {
  const neighbours = neighboursByHost(hosts, links);
  const host = hosts.find((candidate) => (neighbours.get(candidate) ?? []).length < hosts.length - 1);
  if (host === undefined) return undefined;
  const linked = new Set(neighbours.get(host));
  const other = hosts.find((candidate) => candidate !== host && !linked.has(candidate));
  return other === undefined ? undefined : [host, other];
}

function checkTree({ dataplane, hosts, links, fail }: Graph): Problem[] {
  const { topology } = dataplane;
  if (!hasTree(dataplane)) return [];
  const { length, without } = findBridgeDiameter(hosts, links, MOST_BRIDGE_DIAMETER);
  if (length <= MOST_BRIDGE_DIAMETER) return [];
  const lost = without === undefined ? "" : `without the link of ${without.join(" and ")} `;
  const what =
    topology.shape === "ring"
      ? `a ring of ${hosts.length} hosts has, with one link lost, a bridge diameter of ${hosts.length}`
      : `${lost}the bridge diameter is ${length}`;
  return [
    fail(topology.shape === "ring" ? ["topology"] : ["links"], {
      why: `${what}, and a spanning tree message is dropped after ${MOST_BRIDGE_DIAMETER} bridges (IEEE 802.1D-2004, 17.14)`,
      try: `write links: { nearest: ${leastNearest(hosts.length)} }${hosts.length <= 200 ? ", or topology: mesh" : ""}`,
    }),
  ];
}

function warnOfSinglePoints({ dataplane, hosts, links, fail }: Graph, isHubFixed: boolean): Problem[] {
  const points = findSinglePoints(hosts, links);
  if (points.length === 0) return [];
  const { topology } = dataplane;
  const why =
    points.length === 1
      ? `without ${points[0]} the other hosts do not reach each other`
      : `each of ${listNames(points)} is the only way for others`;
  if (topology.shape !== "star")
    return [fail(["links"], { why, try: hasTree(dataplane) ? "add links" : "add links, and write loops: rstp" })];
  const advice = isHubFixed ? "" : `write hub: ${topology.hub} to keep it the hub when hosts join, or `;
  return [fail(["hub"], { why, try: `${advice}write topology: mesh` })];
}

/** ovs-vswitchd.conf.db(5), Interface, type: "gre" goes over IPv4; the type for IPv6, ip6gre, is not supported here. */
function checkGreFamily({ network, cluster, fail, locate }: CheckInput<OvsSpec>): Problem[] {
  const host = cluster.hosts.find(({ address }) => familyOf(address) === 6);
  if (host === undefined || network.dataplane.tunnel !== "gre") return [];
  const { line } = locate(["hosts", host.name, "address"]);
  const why = `Open vSwitch's GRE tunnels lie over IPv4, and ${host.name} has an IPv6 address (line ${line})`;
  return [fail(["tunnel"], { kind: "unsupported", why, try: "write tunnel: geneve or vxlan" })];
}
