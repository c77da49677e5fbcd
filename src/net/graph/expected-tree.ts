import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import { bridgeIdOf } from "./bridge-id.ts";
import { networkLinks } from "./network-links.ts";
import { expectSpanningTree, type SpanningTree } from "./spanning-tree.ts";

/** The tree a network's Open vSwitch bridges come to while all is well; undefined where there is no spanning tree. */
export function expectedTreeOf(network: ResolvedNetwork): SpanningTree | undefined {
  const { dataplane, members } = network;
  if (dataplane.type !== "ovs" || (dataplane.loops !== "rstp" && dataplane.loops !== "stp")) return undefined;
  const hosts = members.map((member) => member.host);
  return expectSpanningTree(hosts, networkLinks(network), (host) => {
    const member = findMember(network, host);
    if (member === undefined) throw new Error(`${host} is not a member of ${network.name}`);
    return bridgeIdOf(dataplane, network, member);
  });
}
