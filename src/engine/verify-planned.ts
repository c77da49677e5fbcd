import type { ResolvedNetwork } from "../model/network.ts";
import type { Plan } from "../model/plan.ts";
import { nftTableName } from "../kinds/nft-table.ts";
import type { Problem } from "../model/problem.ts";
import { deriveTarget } from "../verify/measure/derive-target.ts";
import { limitTarget } from "../verify/measure/limit-target.ts";
import type { VerifyReport } from "../verify/report/report.ts";
import type { VerifyTarget } from "../verify/measure/target.ts";
import { verifyPairs } from "../verify/verify-cluster.ts";
import type { GatheredHosts } from "./gather-hosts.ts";

interface Listeners {
  /** Hears what was broken before the change and still is. */
  onStanding(failures: readonly Problem[]): void;
  /** Hears what was measured after it. */
  onMeasured?: (report: VerifyReport) => void;
}

/**
 * Reachability and full-size packets in the networks this plan touches, among the hosts that answer: measured now, and
 * again by the function that comes back. What is broken already is not held against the plan, so a repair of one host is
 * not undone because of another; what works now must work afterwards, and in a new network everything must.
 */
export async function prepareVerification(
  plan: Plan,
  gathered: GatheredHosts,
  { onStanding, onMeasured }: Listeners,
): Promise<() => Promise<readonly Problem[]>> {
  const { networks } = plan;
  const touched = touchedNetworks(plan, networks);
  const hosts = plan.hosts.filter((host) => !host.leaving && gathered.connections.has(host.host)).map((host) => host.host);
  if (touched.size === 0 || hosts.length < 2) return async () => [];
  const options = { nftTable: nftTableName(plan.clusterUuid) };
  const measure = (target: VerifyTarget): Promise<VerifyReport> => verifyPairs(limitTarget(target, hosts), gathered.connections, options);

  const standing = new Set([...touched].filter((name) => networks.some((network) => network.name === name && stands(network, gathered))));
  const before = standing.size === 0 ? new Set<string>() : brokenPairs(await measure(deriveTarget(networks, standing)));
  return async () => {
    const report = await measure(deriveTarget(networks, touched));
    onMeasured?.(report);
    if ([...brokenPairs(report)].some((pair) => !before.has(pair))) return report.failures;
    onStanding(report.failures);
    return [];
  };
}

/** Its bridge is on at least two hosts, so there is something to measure before the change. */
function stands(network: ResolvedNetwork, gathered: GatheredHosts): boolean {
  const snapshots = [...gathered.snapshots.values()];
  return snapshots.filter((snapshot) => snapshot.links.some((link) => link.name === network.bridge)).length > 1;
}

function brokenPairs(report: VerifyReport): Set<string> {
  return new Set(
    report.networks.flatMap((network) =>
      network.pairs
        .filter((pair) => !pair.reachable || pair.mtuBytes !== network.mtuBytes)
        .map((pair) => `${network.name} ${pair.from} ${pair.to}`),
    ),
  );
}

/** What serves a host as a whole serves all its networks. */
function touchedNetworks(plan: Plan, networks: readonly ResolvedNetwork[]): Set<string> {
  const steps = plan.hosts.filter((host) => !host.leaving).flatMap((host) => host.steps.filter((step) => step.after !== null));
  const named = new Set(steps.map((step) => step.after?.network));
  return new Set(networks.flatMap(({ name }) => (named.has(name) || named.has("") ? [name] : [])));
}
