import type { DataplaneSpec, Network } from "../model/cluster.ts";
import type { ResolvedNetwork } from "../model/network.ts";
import type { Dataplane, Traits } from "./dataplane.ts";
import { ovs } from "./ovs/index.ts";
import { routed } from "./routed/index.ts";
import { vxlan } from "./vxlan/index.ts";
import { wireguard } from "./wireguard/index.ts";

/** The registry: a new data plane is one folder and one line here. The first is what a file without `dataplane:` gets. */
export const DATAPLANES: Map<string, Dataplane> = new Map<string, Dataplane>([
  ["vxlan", vxlan],
  ["ovs", ovs],
  ["routed", routed],
  ["wireguard", wireguard],
]);

/** Throws when there is none of that type: the schema lets no other pass. */
export function getDataplane({ type }: { type: string }): Dataplane {
  const found = DATAPLANES.get(type);
  if (found === undefined) throw new Error(`there is no data plane ${type}`);
  return found;
}

export const traitsOf = (dataplane: DataplaneSpec): Traits => getDataplane(dataplane).traits(dataplane);

/**
 * Whether hosts have overlay addresses apart from their gateways: the members' subnets differ, and packets for another host's
 * pass one broadcast domain that all hosts share.
 */
export const usesOverlay = ({ addressing, dataplane }: Pick<Network, "addressing" | "dataplane">): boolean =>
  addressing.mode === "per-host" && traitsOf(dataplane).layer === 2;

/** What stands on the wire around a network's packets. */
export const tunnelOf = ({ dataplane }: Pick<ResolvedNetwork, "dataplane">): Traits["tunnel"] => traitsOf(dataplane).tunnel;
