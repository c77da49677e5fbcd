import { checkDataplanes } from "./check-dataplanes.ts";
import { checkHosts } from "./check-hosts.ts";
import { checkNetworks } from "./check-networks.ts";
import { checkReservations } from "./check-reservations.ts";
import { checkSlices } from "./check-slices.ts";
import { checkSubnets } from "./check-subnets.ts";
import type { Findings } from "../../dataplanes/dataplane.ts";
import { checkTunnels } from "./check-tunnels.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { SpecFile } from "../yaml/spec-file.ts";

/** Rules over more than one field. Each value alone has passed the schema. */
export function checkCluster(cluster: Cluster, spec: SpecFile): Findings {
  const checks = [checkHosts, checkSubnets, checkNetworks, checkTunnels, checkDataplanes, checkSlices, checkReservations];
  const parts = checks.map((check) => check(cluster, spec));
  return { problems: parts.flatMap((part) => part.problems), warnings: parts.flatMap((part) => part.warnings) };
}
