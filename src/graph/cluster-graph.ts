import type { ResolvedNetwork } from "../model/network.ts";
import { getDataplane, traitsOf } from "../dataplanes/index.ts";
import { describeWire } from "../net/tunnel.ts";
import { countLinks, type Link } from "../net/graph/links.ts";
import { networkLinks } from "../dataplanes/network-links.ts";

/** What `spanwire graph` draws, and prints with --json: the links as the file wants them, the tree as it should settle. */
export interface ClusterGraph {
  cluster: string;
  hosts: readonly { name: string; address: string }[];
  networks: readonly NetworkGraph[];
}

export interface NetworkGraph {
  name: string;
  subnet: string;
  /** "ovs gre, ring, stp" */
  dataplane: string;
  /** "UDP port 8472" */
  wire: string;
  hosts: readonly { name: string; slice: string }[];
  /** The host whose bridge is the root of the spanning tree; absent where there is no tree. */
  root?: string;
  linkCount: number;
  /** Empty when there are too many to draw: then it is a full mesh. */
  links: readonly GraphLink[];
}

export interface GraphLink {
  ends: Link;
  /** The host whose port carries no frames while all is well. */
  blockedAt?: string;
}

/** Beyond it a drawing is a black disc; only a mesh gets there (45 hosts). */
const MOST_LINKS = 1000;

export function describeGraph(cluster: string, networks: readonly ResolvedNetwork[]): ClusterGraph {
  const addresses = new Map(networks.flatMap(({ members }) => members.map((member) => [member.host, member.vtep] as const)));
  return {
    cluster,
    hosts: [...addresses].map(([name, address]) => ({ name, address })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    networks: networks.map(describeNetwork),
  };
}

function describeNetwork(network: ResolvedNetwork): NetworkGraph {
  const { name, subnet, dataplane } = network;
  const members = [...network.members].sort((a, b) => a.index - b.index);
  const { topology, label, tunnel } = traitsOf(dataplane);
  const mesh = topology.shape === "mesh" && countLinks(topology, members.length) > MOST_LINKS;
  const links = mesh ? [] : networkLinks(network, topology);
  const tree = mesh ? undefined : getDataplane(dataplane).expectedTree?.(network);
  const blocked = new Map((tree?.blocked ?? []).map(({ link, at }) => [link, at]));
  return {
    name,
    subnet,
    dataplane: label,
    wire: describeWire(tunnel),
    hosts: members.map((member) => ({ name: member.host, slice: member.slice })),
    ...(tree === undefined ? {} : { root: tree.root }),
    linkCount: mesh ? countLinks(topology, members.length) : links.length,
    links: links.map((ends) => {
      const blockedAt = blocked.get(ends);
      return { ends, ...(blockedAt === undefined ? {} : { blockedAt }) };
    }),
  };
}
