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

const CHECKS = [checkHosts, checkSubnets, checkNetworks, checkTunnels, checkDataplanes, checkSlices, checkReservations];

/** Rules over more than one field. Each value alone has passed the schema. */
export function checkCluster(cluster: Cluster, spec: SpecFile): Findings {
  return gather(CHECKS, cluster, spec);
}

/** Those rules that look at nothing but addresses of hosts and subnets. */
export function checkPlaces(cluster: Cluster, spec: SpecFile): Findings {
  return gather([checkHosts, checkSubnets], cluster, spec);
}

function gather(checks: typeof CHECKS, cluster: Cluster, spec: SpecFile): Findings {
  const parts = checks.map((check) => check(cluster, spec));
  return { problems: parts.flatMap((part) => part.problems), warnings: parts.flatMap((part) => part.warnings) };
}
