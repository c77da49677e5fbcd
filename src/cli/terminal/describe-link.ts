import { getDataplane } from "../../dataplanes/index.ts";
import { findWay } from "../../dataplanes/way-status.ts";
import type { TunnelStatus } from "../../dataplanes/dataplane.ts";
import type { ResolvedNetwork } from "../../model/network.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** A host's place in one network, as it is. */
export interface LinkStatus {
  state: "up" | "down" | "missing" | "unknown";
  /** Hosts that get a copy of a broadcast directly. */
  peers: number;
  /** Where each link has a device or port of its own. */
  tunnels: readonly TunnelStatus[];
  containers: number;
  rxPackets: number;
  txPackets: number;
  dropped: number;
}

export function describeLink(network: ResolvedNetwork, host: string, snapshot: Snapshot | undefined, uuid: string): LinkStatus {
  const empty = { peers: 0, tunnels: [], containers: 0, rxPackets: 0, txPackets: 0, dropped: 0 };
  if (snapshot === undefined) return { state: "unknown", ...empty };
  const containers =
    snapshot.docker.state === "ready"
      ? snapshot.docker.endpoints.filter((endpoint) => endpoint.network === network.attach.network).length
      : 0;
  const way = findWay(network, host, snapshot, uuid);
  if (way === undefined) {
    const isUnseen = getDataplane(network.dataplane).unseenBecause?.(snapshot) !== undefined;
    return { state: isUnseen ? "unknown" : "missing", ...empty, containers };
  }
  const counters = snapshot.links.find((link) => link.name === way.device)?.counters;
  return {
    state: way.isUp ? "up" : "down",
    peers: way.peers,
    tunnels: way.tunnels,
    containers,
    rxPackets: counters?.rxPackets ?? 0,
    txPackets: counters?.txPackets ?? 0,
    dropped: counters?.dropped ?? 0,
  };
}
