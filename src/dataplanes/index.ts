import type { Dataplane } from "../model/cluster.ts";
import type { DataplaneCompiler } from "./dataplane.ts";
import { ovsDataplane } from "./ovs.ts";
import { vxlanDataplane } from "./vxlan.ts";

/** The registry: a new data plane is one file and one line here. */
const DATAPLANES: Record<Dataplane["type"], DataplaneCompiler> = {
  vxlan: vxlanDataplane,
  ovs: ovsDataplane,
};

export function dataplaneOf(dataplane: Dataplane): DataplaneCompiler {
  return DATAPLANES[dataplane.type];
}
