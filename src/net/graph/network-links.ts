import type { ResolvedNetwork } from "../../model/network.ts";
import { resolveLinks, type Link } from "./links.ts";

const LINKS = new WeakMap<ResolvedNetwork, readonly Link[]>();

/** The tunnels of a network: made once, then the same for all its hosts. A VXLAN device reaches everybody. */
export function networkLinks(network: ResolvedNetwork): readonly Link[] {
  const known = LINKS.get(network);
  if (known !== undefined) return known;
  const hosts = [...network.members].sort((a, b) => a.index - b.index).map((member) => member.host);
  const links = resolveLinks(network.dataplane.type === "ovs" ? network.dataplane.topology : { shape: "mesh" }, hosts);
  LINKS.set(network, links);
  return links;
}
