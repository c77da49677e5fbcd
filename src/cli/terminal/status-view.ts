import type { ResolvedNetwork } from "../../model/network.ts";
import { getDataplane, traitsOf } from "../../dataplanes/index.ts";
import { describeWire } from "../../net/tunnel.ts";
import type { Plan } from "../../model/plan.ts";
import type { Step } from "../../model/step.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Problem } from "../../model/problem.ts";
import { describeLink, type LinkStatus } from "./describe-link.ts";

/** `status --json`, without its frame. */
export interface ClusterStatus {
  cluster: string;
  clusterUuid: string;
  /** `silent`: what of the host could not be looked at, with its cause. */
  hosts: readonly {
    name: string;
    address: string;
    reachable: boolean;
    docker: string;
    silent: readonly string[];
    lastPlan: string;
    frozen: readonly string[];
  }[];
  /** Hosts of which some ended the last plan new and some old. */
  mixed: readonly string[];
  networks: readonly NetworkStatus[];
  /** Not as it was last confirmed. */
  drift: readonly StatusChange[];
  /** Not as the file says, but as it was last confirmed: the file is newer than what was applied. */
  pending: readonly StatusChange[];
  problems: readonly Problem[];
  /** Why a plan would not be carried out now. */
  refusals: readonly Problem[];
  /** What the file wishes and what is pinned does not allow now. */
  unmet: readonly Problem[];
  /** Containers that will not start, or whose address may be given to another. */
  members: readonly Problem[];
  /** What could not be looked at, with its cause: "vm2: Docker: ...". */
  unseen: readonly string[];
}

export interface StatusChange {
  host: string;
  what: string;
  key: string;
  reason: string;
}

interface NetworkStatus {
  name: string;
  subnet: string;
  mtuBytes: number;
  /** "vxlan", or with Open vSwitch "ovs gre". */
  dataplane: string;
  /** The number by which its packets are told from other networks'; absent where there is none. */
  vni?: number;
  /** What the tunnels travel as: "UDP port 8472". */
  wire: string;
  links: readonly (LinkStatus & { host: string; slice: string })[];
}

export interface StatusInput {
  plan: Plan;
  /** Back to what was confirmed last. */
  drift: Plan;
  snapshots: ReadonlyMap<string, Snapshot>;
  unreachable: readonly Problem[];
}

export function describeStatus({ plan, drift, snapshots, unreachable }: StatusInput): ClusterStatus {
  const { networks } = plan;
  const drifted = new Set(listChanges(drift).map(({ host, key }) => `${host} ${key}`));
  const unseenOf = new Map(plan.hosts.map(({ host, unseen }) => [host, unseen]));
  const names = new Map(networks.flatMap((network) => network.members.map((member) => [member.host, member.vtep] as const)));
  return {
    cluster: plan.cluster,
    clusterUuid: plan.clusterUuid,
    hosts: [...names]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, address]) => describeHost(name, address, snapshots.get(name), unseenOf.get(name) ?? [])),
    mixed: describeMix(snapshots),
    networks: networks.map((network) => describeNetwork(network, snapshots, plan.clusterUuid)),
    drift: listChanges(drift),
    pending: listChanges(plan).filter(({ host, key }) => !drifted.has(`${host} ${key}`)),
    problems: unreachable,
    refusals: plan.refusals,
    unmet: plan.unmet,
    members: plan.members,
    unseen: plan.hosts.flatMap(({ host, unseen }) => unseen.map((what) => `${host}: ${what}`)),
  };
}

function describeHost(
  name: string,
  address: string,
  snapshot: Snapshot | undefined,
  unseen: readonly string[],
): ClusterStatus["hosts"][number] {
  const docker = snapshot?.docker.state === "ready" ? snapshot.docker.version : "";
  return {
    name,
    address,
    reachable: snapshot !== undefined,
    docker,
    silent: [...unseen],
    lastPlan: snapshot?.lastPlan?.state ?? "",
    frozen: snapshot?.frozen?.remaining ?? [],
  };
}

const HOW_IT_ENDED: Readonly<Record<string, string>> = {
  finished: "as planned",
  reverted: "as before it",
  "revert-incomplete": "NOT as before it",
  unfinished: "under way, or cut off: it goes back by itself",
};

/** One line a host, when a plan did not end the same everywhere, or has not ended. */
function describeMix(snapshots: ReadonlyMap<string, Snapshot>): string[] {
  const last = [...snapshots].flatMap(([host, { lastPlan }]) => (lastPlan === undefined ? [] : [{ host, ...lastPlan }]));
  const unequal = last.filter(
    ({ planId, state }) => state === "unfinished" || last.some((other) => other.planId === planId && other.state !== state),
  );
  return unequal
    .map(({ host, planId, state }) => `${host}: plan ${planId}: ${HOW_IT_ENDED[state] ?? state}`)
    .sort((a, b) => (a < b ? -1 : 1));
}

function describeNetwork(network: ResolvedNetwork, snapshots: ReadonlyMap<string, Snapshot>, uuid: string): NetworkStatus {
  const traits = traitsOf(network.dataplane);
  const number = traits.tunnel?.hasKey === false ? undefined : getDataplane(network.pin).numberOf?.(network.pin);
  return {
    name: network.name,
    subnet: network.subnet,
    mtuBytes: network.mtuBytes,
    ...(number === undefined ? {} : { vni: number }),
    wire: describeWire(traits.tunnel),
    dataplane: traits.label,
    links: [...network.members]
      .sort((a, b) => a.index - b.index)
      .map((member) => ({
        host: member.host,
        slice: member.slice,
        ...describeLink(network, member.host, snapshots.get(member.host), uuid),
      })),
  };
}

const listChanges = (plan: Plan): StatusChange[] =>
  plan.hosts.flatMap(({ host, steps }) => steps.map((step) => ({ host, what: step.label, key: step.key, reason: describeDrift(step) })));

function describeDrift(step: Step): string {
  if (step.action === "add") return "missing";
  if (step.action === "remove") return "too much";
  return step.differences.map(({ field, from, to, reason }) => `${field} is ${from}, should be ${to} (${reason})`).join("; ");
}
