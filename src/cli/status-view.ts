import type { ResolvedNetwork } from "../addressing/resolve-networks.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { observeResources } from "../resources/index.ts";
import type { Snapshot } from "../resources/snapshot.ts";
import type { Problem } from "../util/problem.ts";

/** `status --json`, without its frame. */
export interface ClusterStatus {
  cluster: string;
  clusterUuid: string;
  hosts: readonly { name: string; address: string; reachable: boolean; docker: string; lastPlan: string }[];
  networks: readonly NetworkStatus[];
  drift: readonly { host: string; what: string; key: string; reason: string }[];
  problems: readonly Problem[];
}

interface NetworkStatus {
  name: string;
  subnet: string;
  mtuBytes: number;
  vni: number;
  port: number;
  links: readonly LinkStatus[];
}

interface LinkStatus {
  host: string;
  slice: string;
  state: "up" | "down" | "missing" | "unknown";
  peers: number;
  containers: number;
  rxPackets: number;
  txPackets: number;
  dropped: number;
}

export interface StatusInput {
  plan: Plan;
  networks: readonly ResolvedNetwork[];
  snapshots: ReadonlyMap<string, Snapshot>;
  unreachable: readonly Problem[];
}

export function describeStatus({ plan, networks, snapshots, unreachable }: StatusInput): ClusterStatus {
  const names = new Map(networks.flatMap((network) => network.members.map((member) => [member.host, member.vtep] as const)));
  return {
    cluster: plan.cluster,
    clusterUuid: plan.clusterUuid,
    hosts: [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, address]) => describeHost(name, address, snapshots.get(name))),
    networks: networks.map((network) => describeNetwork(network, snapshots, plan.clusterUuid)),
    drift: plan.hosts.flatMap((host) =>
      host.steps.map((step) => ({ host: host.host, what: step.label, key: step.key, reason: describeDrift(step) })),
    ),
    problems: unreachable,
  };
}

function describeHost(name: string, address: string, snapshot: Snapshot | undefined): ClusterStatus["hosts"][number] {
  const docker = snapshot?.docker.state === "ready" ? snapshot.docker.version : "";
  return { name, address, reachable: snapshot !== undefined, docker, lastPlan: snapshot?.lastPlan?.state ?? "" };
}

function describeNetwork(network: ResolvedNetwork, snapshots: ReadonlyMap<string, Snapshot>, uuid: string): NetworkStatus {
  return {
    name: network.name,
    subnet: network.subnet,
    mtuBytes: network.mtuBytes,
    vni: network.vni,
    port: network.dataplane.port,
    links: [...network.members]
      .sort((a, b) => a.index - b.index)
      .map((member) => ({ host: member.host, slice: member.slice, ...describeLink(network, snapshots.get(member.host), uuid) })),
  };
}

function describeLink(network: ResolvedNetwork, snapshot: Snapshot | undefined, uuid: string): Omit<LinkStatus, "host" | "slice"> {
  const empty = { peers: 0, containers: 0, rxPackets: 0, txPackets: 0, dropped: 0 };
  if (snapshot === undefined) return { state: "unknown", ...empty };
  const resources = [...observeResources(snapshot, uuid).values()];
  const tunnel = resources.find((resource) => resource.kind === "vxlan" && resource.bridge === network.bridge);
  const docker = network.attach.type === "none" ? "" : network.attach.network;
  const containers =
    snapshot.docker.state === "ready" ? snapshot.docker.endpoints.filter((endpoint) => endpoint.network === docker).length : 0;
  if (tunnel?.kind !== "vxlan") return { state: "missing", ...empty, containers };
  const flood = resources.find((resource) => resource.kind === "flood-list" && resource.device === tunnel.name);
  const counters = snapshot.links.find((link) => link.name === tunnel.name)?.counters;
  return {
    state: tunnel.up ? "up" : "down",
    peers: flood?.kind === "flood-list" ? flood.remotes.length : 0,
    containers,
    rxPackets: counters?.rxPackets ?? 0,
    txPackets: counters?.txPackets ?? 0,
    dropped: counters?.dropped ?? 0,
  };
}

function describeDrift(step: Step): string {
  if (step.action === "add") return "missing";
  if (step.action === "remove") return "not in the file";
  return step.differences.map(({ field, from, to, reason }) => `${field} is ${from}, should be ${to} (${reason})`).join("; ");
}
