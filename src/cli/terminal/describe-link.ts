import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import { observeResources } from "../../kinds/index.ts";
import type { OvsJoinResource, OvsTunnelResource, OvsVethResource, Resource, VxlanResource } from "../../model/resource.ts";
import type { Snapshot, SnapshotOvsPort } from "../../model/snapshot.ts";
import { expectedTreeOf } from "../../net/graph/expected-tree.ts";

/** A host's way to the others in one network, as it is. */
export interface LinkStatus {
  state: "up" | "down" | "missing" | "unknown";
  /** Hosts that get a copy of a broadcast directly. */
  peers: number;
  /** Open vSwitch only: one to each linked host. */
  tunnels: readonly TunnelStatus[];
  containers: number;
  rxPackets: number;
  txPackets: number;
  dropped: number;
}

export interface TunnelStatus {
  to: string;
  state: "forwarding" | "blocked" | "deciding" | "down" | "failed";
  /** Blocked while all is well: the spanning tree keeps it in reserve. */
  expected: "forwarding" | "blocked";
}

export function describeLink(network: ResolvedNetwork, host: string, snapshot: Snapshot | undefined, uuid: string): LinkStatus {
  const empty = { peers: 0, tunnels: [], containers: 0, rxPackets: 0, txPackets: 0, dropped: 0 };
  if (snapshot === undefined) return { state: "unknown", ...empty };
  const resources = [...observeResources(snapshot, uuid).values()];
  const docker = network.attach.type === "none" ? "" : network.attach.network;
  const containers =
    snapshot.docker.state === "ready" ? snapshot.docker.endpoints.filter((endpoint) => endpoint.network === docker).length : 0;
  const way = resources.find((resource): resource is Way => isWay(resource) && resource.bridge === network.bridge);
  if (way === undefined) return { state: "missing", ...empty, containers };
  const tunnels = way.kind === "vxlan" ? [] : describeTunnels(network, host, way.ovsBridge, resources, snapshot);
  const counters = snapshot.links.find((link) => link.name === way.name)?.counters;
  return {
    state: isUp(way) ? "up" : "down",
    peers: way.kind === "vxlan" ? countRemotes(resources, way.name) : tunnels.length,
    tunnels,
    containers,
    rxPackets: counters?.rxPackets ?? 0,
    txPackets: counters?.txPackets ?? 0,
    dropped: counters?.dropped ?? 0,
  };
}

type Way = VxlanResource | OvsJoinResource | OvsVethResource;

const isWay = (resource: Resource): resource is Way =>
  resource.kind === "vxlan" || resource.kind === "ovs-join" || resource.kind === "ovs-veth";

const isUp = (way: Way): boolean => (way.kind === "ovs-veth" ? way.devices.every((device) => way.up.includes(device)) : way.up);

function countRemotes(resources: readonly Resource[], device: string): number {
  const flood = resources.find((resource) => resource.kind === "flood-list" && resource.device === device);
  return flood?.kind === "flood-list" ? flood.remotes.length : 0;
}

function describeTunnels(
  network: ResolvedNetwork,
  host: string,
  bridge: string,
  resources: readonly Resource[],
  { ovs }: Snapshot,
): TunnelStatus[] {
  const tree = expectedTreeOf(network);
  const hostOf = new Map(network.members.map((member) => [member.vtep, member.host]));
  const local = findMember(network, host)?.vtep;
  return resources
    .filter((resource): resource is OvsTunnelResource => resource.kind === "ovs-tunnel" && resource.bridge === bridge)
    .map((tunnel): TunnelStatus => {
      const to = hostOf.get(tunnel.remote) ?? tunnel.remote;
      const port = ovs.state === "ready" ? ovs.ports.find((candidate) => candidate.name === tunnel.name) : undefined;
      const isReserve = local !== undefined && tree?.blocked.some(({ link, at }) => at === host && link.includes(to)) === true;
      return { to, state: port === undefined ? "failed" : stateOf(port), expected: isReserve ? "blocked" : "forwarding" };
    })
    .sort((a, b) => (a.to < b.to ? -1 : 1));
}

/** Without a spanning tree a tunnel has no state of its own: it forwards as soon as it is there. */
function stateOf({ error, status }: SnapshotOvsPort): TunnelStatus["state"] {
  if (error !== "") return "failed";
  if (status["bfd_state"] === "down") return "down";
  const state = (status["rstp_port_state"] ?? status["stp_state"] ?? "forwarding").toLowerCase();
  if (state === "forwarding") return "forwarding";
  const role = (status["rstp_port_role"] ?? status["stp_role"] ?? "").toLowerCase();
  return state === "blocking" || role === "alternate" || role === "backup" ? "blocked" : "deciding";
}
