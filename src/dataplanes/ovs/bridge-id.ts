import { deriveMac } from "../../net/mac.ts";
import type { BridgeId } from "../../net/graph/spanning-tree.ts";
import type { ResolvedMember, ResolvedNetwork } from "../../model/network.ts";
import type { OvsPin } from "./pin.ts";
import type { OvsSpec } from "./spec.ts";

/** IEEE 802.1D-2004, 17.14: what bridges have unless told otherwise; steps of 4096. */
const DEFAULT_PRIORITY = 32_768;
const STEP = 4096;

/**
 * The id of a host's bridge: the user's priority, else the first two hosts by number stand out as root and its deputy,
 * so that the tree does not hang on MACs. These are derived, the same on every run.
 */
export function bridgeIdOf(network: ResolvedNetwork<OvsSpec, OvsPin>, member: ResolvedMember): BridgeId {
  return { priority: priorityOf(network, member), mac: deriveMac(network.bridge, member.host, "ovs-bridge") };
}

function priorityOf({ dataplane, members }: ResolvedNetwork<OvsSpec, OvsPin>, member: ResolvedMember): number {
  const written = dataplane.priorities[member.host];
  if (written !== undefined || Object.keys(dataplane.priorities).length > 0) return written ?? DEFAULT_PRIORITY;
  const rank = members.filter((other) => other.index < member.index).length;
  return rank < 2 ? DEFAULT_PRIORITY - (2 - rank) * STEP : DEFAULT_PRIORITY;
}
