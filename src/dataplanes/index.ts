import type { Dataplane } from "../spec/cluster.ts";
import type { DataplaneCompiler } from "./dataplane.ts";
import { vxlanDataplane } from "./vxlan.ts";

/** The registry: a new data plane is one file and one line here. */
const DATAPLANES: Record<Dataplane["type"], DataplaneCompiler> = {
  vxlan: vxlanDataplane,
};

export function dataplaneOf(dataplane: Dataplane): DataplaneCompiler {
  return DATAPLANES[dataplane.type];
}
