import type { DataplaneSpec } from "../model/cluster.ts";
import type { ResolvedNetwork } from "../model/network.ts";
import type { Dataplane, Traits } from "./dataplane.ts";
import { ovs } from "./ovs/index.ts";
import { vxlan } from "./vxlan/index.ts";

/** The registry: a new data plane is one folder and one line here. The first is what a file without `dataplane:` gets. */
export const DATAPLANES: Map<string, Dataplane> = new Map<string, Dataplane>([
  ["vxlan", vxlan],
  ["ovs", ovs],
]);

/** Throws when there is none of that type: the schema lets no other pass. */
export function getDataplane({ type }: { type: string }): Dataplane {
  const found = DATAPLANES.get(type);
  if (found === undefined) throw new Error(`there is no data plane ${type}`);
  return found;
}

export const traitsOf = (dataplane: DataplaneSpec): Traits => getDataplane(dataplane).traits(dataplane);

/** What stands on the wire around a network's packets. */
export const tunnelOf = ({ dataplane }: Pick<ResolvedNetwork, "dataplane">): Traits["tunnel"] => traitsOf(dataplane).tunnel;
