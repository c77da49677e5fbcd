import type { ResolvedMember, ResolvedNetwork } from "../model/network.ts";
import type { Dataplane as DataplaneSpec } from "../model/cluster.ts";
import type { OvsBridgeResource, Resource } from "../model/resource.ts";

export interface DataplaneInput {
  network: ResolvedNetwork;
  member: ResolvedMember;
  mark: string;
  /** Where this host's Open vSwitch tunnels run. */
  ovsDatapath: OvsBridgeResource["datapath"];
}

/** Joins the bridges of one network over the underlay. Pure: one file in this folder each. */
export interface DataplaneCompiler {
  type: DataplaneSpec["type"];
  /** What one host needs for one network, apart from the bridge and its address. */
  compile(input: DataplaneInput): Resource[];
}
