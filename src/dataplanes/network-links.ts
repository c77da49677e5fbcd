import type { ResolvedNetwork } from "../model/network.ts";
import { resolveLinks, type Link, type Topology } from "../net/graph/links.ts";

const LINKS = new WeakMap<ResolvedNetwork, readonly Link[]>();

/** Which hosts of a network are joined directly: made once, then the same for all its hosts. */
export function networkLinks(network: ResolvedNetwork, topology: Topology): readonly Link[] {
  const known = LINKS.get(network);
  if (known !== undefined) return known;
  const hosts = [...network.members].sort((a, b) => a.index - b.index).map((member) => member.host);
  const links = resolveLinks(topology, hosts);
  LINKS.set(network, links);
  return links;
}
