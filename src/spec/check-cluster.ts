import type { Problem } from "../util/problem.ts";
import { checkHosts } from "./check-hosts.ts";
import { checkNetworks } from "./check-networks.ts";
import { checkSlices } from "./check-slices.ts";
import { checkSubnets } from "./check-subnets.ts";
import type { Cluster } from "./cluster.ts";
import type { SpecFile } from "./spec-file.ts";

export interface Findings {
  problems: Problem[];
  warnings: Problem[];
}

/** Rules over more than one field. Each value alone has passed the schema. */
export function checkCluster(cluster: Cluster, spec: SpecFile): Findings {
  const parts = [checkHosts(cluster, spec), checkSubnets(cluster, spec), checkNetworks(cluster, spec), checkSlices(cluster, spec)];
  return { problems: parts.flatMap((part) => part.problems), warnings: parts.flatMap((part) => part.warnings) };
}
