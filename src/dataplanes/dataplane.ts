import type { ResolvedMember, ResolvedNetwork } from "../addressing/resolve-networks.ts";
import type { Dataplane as DataplaneSpec, Encapsulation } from "../spec/cluster.ts";
import type { Resource } from "../resources/resource.ts";

/** Joins the bridges of one network over the underlay. Pure: one file in this folder each. */
export interface DataplaneCompiler {
  type: DataplaneSpec["type"];
  encapsulation: Encapsulation;
  /** What one host needs for one network, apart from the bridge and its address. */
  compile(network: ResolvedNetwork, member: ResolvedMember, mark: string): Resource[];
}
