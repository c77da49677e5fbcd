import type { Cluster, Host } from "../model/cluster.ts";
import type { HostFacts } from "../model/host-state.ts";
import type { HostPlan } from "../model/plan.ts";
import type { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { checkManagement } from "./check/check-management.ts";
import { checkHost, checkPlanes } from "./check/preflight.ts";
import { fingerprintHost } from "./compare/fingerprint.ts";
import { planHost } from "./compare/plan-host.ts";
import { readHostState } from "./host-state.ts";

/** Everything of the cluster goes from one host. */
export function planRemoval(
  host: Host,
  found: Snapshot,
  clusterUuid: string,
  cluster: Pick<Cluster, "name" | "networks">,
  allowManagementPath = false,
): { host: HostPlan; problems: Problem[] } {
  const { snapshot, facts, observed } = readHostState(found, clusterUuid, host.address, new Set());
  const steps = planHost([], observed);
  const input = { host, clusterName: cluster.name, clusterUuid, networks: [], facts, snapshot, steps };
  const problems = checkHost({ ...input, index: 0 }).filter((problem) => problem.kind === "refused");
  problems.push(...checkPlanes(input).filter((problem) => problem.kind !== "refused"));
  if (!allowManagementPath) problems.push(...checkManagement(host.name, snapshot, steps));
  if (steps.length > 0) problems.push(...checkDockerIsSeen(host, cluster, facts));
  const { name, address, ssh } = host;
  const basis = fingerprintHost(observed, facts);
  return { host: { host: name, address, ssh, leaving: true, basis, steps, unseen: [] }, problems };
}

/** A Docker network of ours cannot be seen, so not removed, while its daemon is down: it would come back with it (F32). */
function checkDockerIsSeen(host: Host, cluster: Pick<Cluster, "networks">, facts: HostFacts): Problem[] {
  const attached = cluster.networks.flatMap((network) => network.attach.network ?? []);
  if (facts.docker.ready || attached.length === 0) return [];
  return [
    {
      kind: "unsupported",
      doing: "removing the Docker networks",
      what: attached.join(", "),
      where: host.name,
      why: `${facts.docker.reason}, so nobody can tell whether they are still there`,
      try: "start Docker on that host, then run the same command again",
    },
  ];
}
