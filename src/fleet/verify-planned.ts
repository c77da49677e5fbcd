import type { ResolvedNetwork } from "../addressing/resolve-networks.ts";
import { nftTableName } from "../resources/nft-table.ts";
import { findMark } from "../resources/mark.ts";
import type { Plan } from "../plan/plan.ts";
import { deriveTarget } from "../verify/derive-target.ts";
import { limitTarget } from "../verify/limit-target.ts";
import { verifyLight } from "../verify/verify-cluster.ts";
import type { Problem } from "../util/problem.ts";
import type { GatheredHosts } from "./gather-hosts.ts";

/**
 * Reachability and full-size packets in the networks this plan touches, among the hosts that answer. What is broken for
 * another reason than the plan is not held against it: only hosts that take part are measured.
 */
export async function verifyPlanned(plan: Plan, networks: readonly ResolvedNetwork[], gathered: GatheredHosts): Promise<readonly Problem[]> {
  const touched = touchedNetworks(plan, networks);
  const hosts = plan.hosts.filter((host) => !host.leaving && gathered.connections.has(host.host)).map((host) => host.host);
  if (touched.size === 0 || hosts.length < 2) return [];
  const target = limitTarget(deriveTarget(networks, touched), hosts);
  return verifyLight(target, gathered.connections, { nftTable: nftTableName(plan.clusterUuid) });
}

function touchedNetworks(plan: Plan, networks: readonly ResolvedNetwork[]): Set<string> {
  const resources = plan.hosts.filter((host) => !host.leaving).flatMap((host) => host.steps.flatMap((step) => step.after ?? []));
  const bridges = new Set(resources.flatMap((resource) => ("bridge" in resource ? [resource.bridge] : resource.kind === "bridge" ? [resource.name] : [])));
  const marked = new Set(resources.flatMap((resource) => ("mark" in resource ? (findMark(resource.mark)?.network ?? []) : [])));
  return new Set(networks.filter((network) => bridges.has(network.bridge) || marked.has(network.name)).map((network) => network.name));
}
