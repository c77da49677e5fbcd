import type { Problem } from "../../model/problem.ts";
import { checkHosts } from "./check-hosts.ts";
import { checkNetworks } from "./check-networks.ts";
import { checkReservations } from "./check-reservations.ts";
import { checkSlices } from "./check-slices.ts";
import { checkSubnets } from "./check-subnets.ts";
import { checkTopologies } from "./check-topology.ts";
import { checkTunnels } from "./check-tunnels.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { SpecFile } from "../yaml/spec-file.ts";

export interface Findings {
  problems: Problem[];
  warnings: Problem[];
}

/** Rules over more than one field. Each value alone has passed the schema. */
export function checkCluster(cluster: Cluster, spec: SpecFile): Findings {
  const checks = [checkHosts, checkSubnets, checkNetworks, checkTunnels, checkTopologies, checkSlices, checkReservations];
  const parts = checks.map((check) => check(cluster, spec));
  return { problems: parts.flatMap((part) => part.problems), warnings: parts.flatMap((part) => part.warnings) };
}
