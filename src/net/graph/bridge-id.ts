import { deriveMac } from "../mac.ts";
import type { ResolvedMember, ResolvedNetwork } from "../../model/network.ts";
import type { OvsDataplane } from "../../model/cluster.ts";

/** What makes one bridge better than another in a spanning tree (IEEE 802.1D-2004, 9.2.5): lower priority, then lower MAC. */
export interface BridgeId {
  priority: number;
  mac: string;
}

/** IEEE 802.1D-2004, 17.14: what bridges have unless told otherwise; steps of 4096. */
const DEFAULT_PRIORITY = 32_768;
const STEP = 4096;

/**
 * The id of a host's bridge: the user's priority, else the first two hosts by number stand out as root and its deputy,
 * so that the tree does not hang on MACs. These are derived, the same on every run.
 */
export function bridgeIdOf(dataplane: OvsDataplane, network: ResolvedNetwork, member: ResolvedMember): BridgeId {
  return { priority: priorityOf(dataplane, network, member), mac: deriveMac(network.bridge, member.host, "ovs-bridge") };
}

function priorityOf(dataplane: OvsDataplane, network: ResolvedNetwork, member: ResolvedMember): number {
  const written = dataplane.priorities[member.host];
  if (written !== undefined || Object.keys(dataplane.priorities).length > 0) return written ?? DEFAULT_PRIORITY;
  const rank = network.members.filter((other) => other.index < member.index).length;
  return rank < 2 ? DEFAULT_PRIORITY - (2 - rank) * STEP : DEFAULT_PRIORITY;
}
