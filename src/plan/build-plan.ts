import { findAilingMembers } from "./check/ailing-members.ts";
import { familyOf, networkOf } from "../net/prefix.ts";
import { linkNames, kindOf, type Resource } from "../kinds/index.ts";
import type { Cluster, Host } from "../model/cluster.ts";
import type { Facts, HostState } from "../model/host-state.ts";
import type { Lock } from "../model/lock.ts";
import type { ResolvedNetwork } from "../model/network.ts";
import type { HostPlan, Plan } from "../model/plan.ts";
import { SpanwireError, type FilePosition, type Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Step } from "../model/step.ts";
import { PREPARATIONS, standInFor, type Preparation } from "../model/prepared.ts";
import { digestLock } from "../lock/lock-file.ts";
import { pinLock } from "../lock/pin-lock.ts";
import { recoverLock } from "../lock/recover-lock.ts";
import { resolveNetworks } from "../lock/resolve-networks.ts";
import { checkMachines } from "./check/check-machines.ts";
import { checkManagement } from "./check/check-management.ts";
import { checkPrefixesInUse } from "./check/check-prefixes.ts";
import { checkHost } from "./check/preflight.ts";
import { fingerprintHost } from "./compare/fingerprint.ts";
import { planHost } from "./compare/plan-host.ts";
import { compileHost } from "./compile/compile-host.ts";
import { findEmptyNetworks } from "./find-empty.ts";
import { mtuToward, readHostState } from "./host-state.ts";
import { planRemoval } from "./plan-removal.ts";

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
  /** Hosts that are to make anew what they made for themselves. */
  renew?: ReadonlySet<string>;
  /** Instead of what the file says: what each host was last confirmed to be. Then the plan holds nothing but drift. */
  confirmed?: ReadonlyMap<string, readonly Resource[]>;
}

/**
 * Everything that must change, and every reason why it may not, as a value. Pure. Throws only where no plan can be made at
 * all: what the file asks for would renumber containers, or hosts contradict each other about who they are.
 */
export function buildPlan(input: BuildPlanInput): Plan {
  const { cluster, snapshots, confirmed } = input;
  const previous = input.lock ?? recoverLock(cluster, snapshots);
  const uuid = previous?.uuid ?? input.freshUuid;
  const { lock, changes, unmet } = pinLock({
    cluster,
    ...(previous === undefined ? {} : { previous }),
    uuid,
    underlayMtuBytes: smallestMtu(cluster, snapshots),
    underlayFamily: familyOf(cluster.hosts[0]?.address ?? "0.0.0.0"),
    ...(previous === undefined ? {} : { empty: findEmptyNetworks(previous, snapshots) }),
    ...(input.locate === undefined ? {} : { locate: input.locate }),
    ...(input.renew === undefined ? {} : { renew: input.renew }),
    prepared: new Map([...snapshots].map(([host, snapshot]) => [host, snapshot.prepared?.[uuid] ?? {}])),
  });
  const networks = resolveNetworks(cluster, lock);
  const states = readStates(input, uuid, networks);
  const facts: Facts = new Map([...states].map(([host, state]) => [host, state.facts]));
  const planned = cluster.hosts.flatMap((host) => {
    const state = states.get(host.name);
    return state === undefined ? [] : [planMember(host, state, { ...input, lock, networks, facts })];
  });
  const leaving = confirmed === undefined ? planLeavingHosts(lock, input) : [];
  const all = [...planned, ...leaving];
  const steps = new Map(all.map(({ host }) => [host.host, host.steps]));
  return {
    version: 2,
    kind: "plan",
    cluster: cluster.name,
    clusterUuid: uuid,
    lockBefore: input.lock === undefined ? null : digestLock(input.lock),
    lock: confirmed === undefined ? lock : (previous ?? lock),
    lockChanges: confirmed === undefined ? changes : [],
    networks,
    hosts: all.map(({ host }) => host),
    unmet,
    members: findAilingMembers(networks, snapshots, steps),
    refusals: [...checkMachines(cluster.hosts, snapshots), ...all.flatMap(({ problems }) => problems)],
    warnings: input.unreachable.map((problem) =>
      lock.removedHosts[problem.where] === undefined
        ? problem
        : { ...problem, try: `${problem.try}; one that is gone for good is forgotten with \`spanwire forget ${problem.where}\`` },
    ),
  };
}

/** What a plan refuses, thrown: for whoever is going to carry it out. */
export function requireAllowed(plan: Pick<Plan, "refusals">): void {
  if (plan.refusals.length > 0) throw new SpanwireError(plan.refusals);
}

/** Only what was seen: a guess would be pinned for good, because Docker fixes a network's MTU at creation. */
function smallestMtu(cluster: Cluster, snapshots: ReadonlyMap<string, Snapshot>): number | undefined {
  const peers = sampleAddresses(cluster.hosts.map(({ address }) => address));
  const known = cluster.hosts.flatMap(({ name, address }) => {
    const snapshot = snapshots.get(name);
    return snapshot === undefined ? [] : (mtuToward(snapshot, address, peers) ?? []);
  });
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Of a large cluster one host of each /24 (or /64) stands for its neighbours: a route between those two is rare. */
function sampleAddresses(addresses: readonly string[]): string[] {
  if (addresses.length <= MOST_PEERS) return [...addresses];
  const neighbourhood = (address: string): string => networkOf(`${address}/${familyOf(address) === 6 ? 64 : 24}`);
  return [...new Map(addresses.map((address) => [neighbourhood(address), address])).values()];
}

const MOST_PEERS = 64;

function readStates({ cluster, snapshots }: BuildPlanInput, uuid: string, networks: readonly ResolvedNetwork[]): Map<string, HostState> {
  const states = new Map<string, HostState>();
  for (const { name, address } of cluster.hosts) {
    const snapshot = snapshots.get(name);
    if (snapshot === undefined) continue;
    const names = hasUnmarked(snapshot)
      ? linkNames(compileHost({ cluster, clusterUuid: uuid, networks, host: name, facts: new Map() }))
      : [];
    states.set(name, readHostState(snapshot, uuid, address, new Set(names)));
  }
  return states;
}

/** Something with a name like ours and no mark: then it takes the names that are ours to tell. */
function hasUnmarked({ links, ovs }: Snapshot): boolean {
  const rows = ovs.state === "ready" ? [...ovs.bridges, ...ovs.ports].map(({ name, mark }) => ({ name, alias: mark })) : [];
  return [...links, ...rows].some(({ name, alias }) => alias === "" && name.startsWith("spw"));
}

interface MemberInput extends Omit<BuildPlanInput, "lock"> {
  lock: Lock;
  networks: readonly ResolvedNetwork[];
  facts: Facts;
}

function planMember(host: Host, state: HostState, input: MemberInput): { host: HostPlan; problems: Problem[] } {
  const { cluster, lock, networks, facts, confirmed } = input;
  const { name, address, ssh } = host;
  const compiled = compileHost({ cluster, clusterUuid: lock.uuid, networks, host: name, facts });
  const desired = confirmed === undefined ? compiled : driftOnly(compiled, confirmed.get(name));
  const wanted = desired === undefined ? [] : planHost(desired, state.observed);
  const { steps, unseen } = withoutUnseen(wanted, state.snapshot);
  const about = { host, clusterName: cluster.name, clusterUuid: lock.uuid, index: lock.hosts[name]?.index ?? 0, networks, steps };
  const problems = [
    ...checkPrefixesInUse(cluster, name, state.facts.routes, input.locate),
    ...checkHost({ ...about, facts: state.facts, snapshot: state.snapshot }),
    ...(input.allowManagementPath === true ? [] : checkManagement(name, state.snapshot, steps)),
  ];
  const basis = fingerprintHost(state.observed, state.facts);
  const prepare = confirmed === undefined ? findUnprepared(name, lock) : [];
  const planned = { host: name, address, ssh, leaving: false, basis, steps, unseen };
  return { host: prepare.length === 0 ? planned : { ...planned, prepare }, problems };
}

/** Of what stands in the lock, what this host has still to make. */
function findUnprepared(host: string, { hosts }: Lock): Preparation[] {
  const prepared = hosts[host]?.prepared ?? {};
  return PREPARATIONS.filter((what) => prepared[what] === standInFor(what, host));
}

/** What cannot be seen is neither missing nor too much. */
function withoutUnseen(steps: readonly Step[], snapshot: Snapshot): { steps: Step[]; unseen: string[] } {
  const whyNot = ({ before, after }: Step): string | undefined => {
    const resource = after ?? before;
    return resource === null ? undefined : kindOf(resource).unseenBecause?.(snapshot);
  };
  const unseen = new Set(steps.flatMap((step) => whyNot(step) ?? []));
  return { steps: unseen.size === 0 ? [...steps] : steps.filter((step) => whyNot(step) === undefined), unseen: [...unseen] };
}

/** What comes with a container belongs to no confirmed state, and comes back with its bridge. Undefined: nothing was confirmed. */
function driftOnly(compiled: readonly Resource[], confirmed: readonly Resource[] | undefined): Resource[] | undefined {
  if (confirmed === undefined) return undefined;
  return [...confirmed, ...compiled.filter((resource) => kindOf(resource).isTransient === true)];
}

/** Tombstones: hosts that left the file keep nothing of ours. */
function planLeavingHosts(
  lock: Lock,
  { snapshots, cluster, allowManagementPath }: BuildPlanInput,
): { host: HostPlan; problems: Problem[] }[] {
  return Object.entries(lock.removedHosts).flatMap(([name, locked]) => {
    const snapshot = snapshots.get(name);
    return snapshot === undefined ? [] : [planRemoval({ name, ...locked }, snapshot, lock.uuid, cluster, allowManagementPath)];
  });
}
