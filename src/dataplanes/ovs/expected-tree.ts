import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import { expectSpanningTree, type SpanningTree } from "../../net/graph/spanning-tree.ts";
import { networkLinks } from "../network-links.ts";
import { bridgeIdOf } from "./bridge-id.ts";
import type { OvsPin } from "./pin.ts";
import { hasTree, type OvsSpec } from "./spec.ts";

/** The tree a network's Open vSwitch bridges come to while all is well; undefined where there is no spanning tree. */
export function expectedTreeOf(network: ResolvedNetwork<OvsSpec, OvsPin>): SpanningTree | undefined {
  if (!hasTree(network.dataplane)) return undefined;
  const hosts = network.members.map((member) => member.host);
  return expectSpanningTree(hosts, networkLinks(network, network.dataplane.topology), (host) => {
    const member = findMember(network, host);
    if (member === undefined) throw new Error(`${host} is not a member of ${network.name}`);
    return bridgeIdOf(network, member);
  });
}
