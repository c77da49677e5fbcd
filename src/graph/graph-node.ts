import type { ClusterGraph } from "./cluster-graph.ts";

/** A host as one box over all networks. */
export interface GraphNode {
  name: string;
  lines: readonly string[];
  isRoot: boolean;
}

export function describeNode({ networks }: ClusterGraph, host: ClusterGraph["hosts"][number]): GraphNode {
  const rooted = networks.filter((network) => network.root === host.name).map((network) => network.name);
  const meshed = networks.filter((network) => network.links.length === 0 && network.linkCount > 0).map((network) => network.name);
  return {
    name: host.name,
    lines: [
      host.name,
      host.address,
      ...(rooted.length === 0 ? [] : [`root of ${rooted.join(", ")}`]),
      ...meshed.map((name) => `${name}: linked to every other host`),
    ],
    isRoot: rooted.length > 0,
  };
}
