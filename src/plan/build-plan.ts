import { familyOf } from "../net/prefix.ts";
import { resolveNetworks } from "../lock/resolve-networks.ts";
import { claimLinks } from "../kinds/claim-links.ts";
import { linkNames } from "../kinds/index.ts";
import { observeResources } from "../kinds/index.ts";
import type { Resource } from "../kinds/index.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { checkPrefixesInUse } from "./check/check-prefixes.ts";
import type { Cluster, Host } from "../model/cluster.ts";
import type { Lock } from "../model/lock.ts";
import { pinLock } from "../lock/pin-lock.ts";
import { SpanwireError, type FilePosition, type Problem } from "../model/problem.ts";
import { checkManagement } from "./check/check-management.ts";
import { compileHost } from "./compile/compile-host.ts";
import { deriveFacts, type HostFacts } from "./facts.ts";
import { fingerprintHost } from "./compare/fingerprint.ts";
import type { HostPlan, Plan } from "../model/plan.ts";
import { planHost } from "./compare/plan-host.ts";
import { checkHost, checkPlanes } from "./check/preflight.ts";
import { recoverLock } from "../lock/recover-lock.ts";

export interface BuildPlanInput {
  cluster: Cluster;
  lock: Lock | undefined;
  /** For a cluster that has no lock yet. */
  freshUuid: string;
  /** Every host that answered. One that is missing is left out of the plan, and `unreachable` says why. */
  snapshots: ReadonlyMap<string, Snapshot>;
  unreachable: readonly Problem[];
  locate?: (path: readonly PropertyKey[]) => FilePosition;
  /** Steps may touch the way a host is managed: the operator asked for that by name. */
  allowManagementPath?: boolean;
  /** Instead of what the file says: what each host was last confirmed to be. Then the plan holds nothing but drift. */
  confirmed?: ReadonlyMap<string, readonly Resource[]>;
}

/** Smallest MTU assumed for hosts that did not answer: Ethernet's. */
const ETHERNET_MTU_BYTES = 1500;

/** Everything that must change, or every reason why nothing may. Pure. */
export function buildPlan(input: BuildPlanInput): Plan {
  const { cluster, snapshots } = input;
  const previous = input.lock ?? recoverLock(cluster, snapshots);
  const freshUuid = previous?.uuid ?? input.freshUuid;
  const factsOf = new Map(cluster.hosts.map((host) => [host.name, findFacts(host, snapshots, freshUuid)]));
  const { lock, changes } = pinLock({
    cluster,
    ...(previous === undefined ? {} : { previous }),
    uuid: freshUuid,
    underlayMtuBytes: smallestMtu([...factsOf.values()]),
    underlayFamily: familyOf(cluster.hosts[0]?.address ?? "0.0.0.0"),
    ...(input.locate === undefined ? {} : { locate: input.locate }),
  });
  const networks = resolveNetworks(cluster, lock);
  const problems: Problem[] = [];
  const hosts: HostPlan[] = [];

  for (const host of cluster.hosts) {
    const found = snapshots.get(host.name);
    const known = factsOf.get(host.name);
    if (found === undefined || known === undefined) continue;
    const compiled = compileHost({ cluster: cluster.name, clusterUuid: lock.uuid, networks, host: host.name, facts: known });
    const desired = input.confirmed === undefined ? compiled : driftOnly(compiled, input.confirmed.get(host.name));
    const snapshot = claimLinks(found, lock.uuid, linkNames(desired));
    const facts = deriveFacts(snapshot, lock.uuid, host.address);
    const observed = observeResources(snapshot, lock.uuid);
    const steps = planHost(desired, observed);
    const index = lock.hosts[host.name]?.index ?? 0;
    problems.push(...checkPrefixesInUse(cluster, host.name, facts.routes, input.locate));
    problems.push(
      ...checkHost({ host, clusterName: cluster.name, clusterUuid: lock.uuid, index, networks, facts, snapshot: found, steps }),
    );
    if (input.allowManagementPath !== true) problems.push(...checkManagement(host.name, found, steps));
    hosts.push({ ...pick(host), leaving: false, basis: fingerprintHost(observed, facts), steps });
  }
  const leaving = input.confirmed === undefined ? planLeavingHosts(lock, input) : { hosts: [], problems: [] };
  problems.push(...leaving.problems);
  if (problems.length > 0) throw new SpanwireError(problems);
  return {
    version: 1,
    kind: "plan",
    cluster: cluster.name,
    clusterUuid: lock.uuid,
    lock: input.confirmed === undefined ? lock : (previous ?? lock),
    lockChanges: input.confirmed === undefined ? changes : [],
    hosts: [...hosts, ...leaving.hosts],
    warnings: input.unreachable,
  };
}

/** A container's port belongs to no confirmed state, and comes back with its bridge. */
function driftOnly(compiled: readonly Resource[], confirmed: readonly Resource[] | undefined): Resource[] {
  return [...(confirmed ?? []), ...compiled.filter((resource) => resource.kind === "bridge-port")];
}

/** Tombstones: hosts that left the file keep nothing of ours. */
function planLeavingHosts(
  lock: Lock,
  { snapshots, cluster, allowManagementPath }: BuildPlanInput,
): { hosts: HostPlan[]; problems: Problem[] } {
  const hosts: HostPlan[] = [];
  const problems: Problem[] = [];
  for (const [name, locked] of Object.entries(lock.removedHosts)) {
    const snapshot = snapshots.get(name);
    if (snapshot === undefined) continue;
    const planned = planRemoval({ name, ...locked }, snapshot, lock.uuid, cluster, allowManagementPath);
    hosts.push(planned.host);
    problems.push(...planned.problems);
  }
  return { hosts, problems };
}

/** Everything of the cluster goes from one host. */
export function planRemoval(
  host: Host,
  snapshot: Snapshot,
  clusterUuid: string,
  cluster: Pick<Cluster, "name" | "networks">,
  allowManagementPath = false,
): { host: HostPlan; problems: Problem[] } {
  const observed = observeResources(snapshot, clusterUuid);
  const facts = deriveFacts(snapshot, clusterUuid, host.address);
  const steps = planHost([], observed);
  const input = { host, clusterName: cluster.name, clusterUuid, networks: [], facts, snapshot, steps };
  const problems = checkHost({ ...input, index: 0 }).filter((problem) => problem.kind === "refused");
  problems.push(...checkPlanes(input).filter((problem) => problem.kind !== "refused"));
  if (!allowManagementPath) problems.push(...checkManagement(host.name, snapshot, steps));
  if (steps.length > 0) problems.push(...checkDockerIsSeen(host, cluster, facts));
  return { host: { ...pick(host), leaving: true, basis: fingerprintHost(observed, facts), steps }, problems };
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

function findFacts(host: Host, snapshots: ReadonlyMap<string, Snapshot>, uuid: string): HostFacts | undefined {
  const snapshot = snapshots.get(host.name);
  return snapshot === undefined ? undefined : deriveFacts(snapshot, uuid, host.address);
}

function smallestMtu(facts: readonly (HostFacts | undefined)[]): number {
  const known = facts.flatMap((fact) => fact?.underlayMtuBytes ?? []);
  return known.length === 0 ? ETHERNET_MTU_BYTES : Math.min(...known);
}

const pick = (host: Host): { host: string; address: string; ssh: string } => ({ host: host.name, address: host.address, ssh: host.ssh });
