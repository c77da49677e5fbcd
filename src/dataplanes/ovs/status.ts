import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import type { OvsJoinResource } from "../../kinds/ovs-join.ts";
import type { OvsTunnelResource } from "../../kinds/ovs-tunnel.ts";
import type { OvsVethResource } from "../../kinds/ovs-veth.ts";
import type { Resource } from "../../kinds/index.ts";
import type { Snapshot, SnapshotOvsPort } from "../../model/snapshot.ts";
import type { SpanningTree } from "../../net/graph/spanning-tree.ts";
import type { StatusInput, TunnelStatus, WayStatus } from "../dataplane.ts";

/** The port or veth pair that joins the network's bridges counts what passes; each tunnel has a state of its own. */
export function ovsStatus(input: StatusInput, tree: SpanningTree | undefined): WayStatus | undefined {
  const { network, host, resources, snapshot } = input;
  const join = resources.find((resource): resource is Join => isJoin(resource) && resource.bridge === network.bridge);
  if (join === undefined) return undefined;
  const tunnels = describeTunnels({ network, host, bridge: join.ovsBridge, tree }, resources, snapshot);
  return { device: join.name, isUp: isUp(join) && isAlive(snapshot), peers: tunnels.length, tunnels };
}

type Join = OvsJoinResource | OvsVethResource;

const isJoin = (resource: Resource): resource is Join => resource.kind === "ovs-join" || resource.kind === "ovs-veth";
/** Without its daemon nothing new is switched, whatever the database remembers. */
const isAlive = ({ ovs }: Snapshot): boolean => ovs.state === "ready" && ovs.silent === undefined;
const isUp = (join: Join): boolean => (join.kind === "ovs-veth" ? join.devices.every((device) => join.up.includes(device)) : join.up);

interface Place {
  network: ResolvedNetwork;
  host: string;
  bridge: string;
  tree: SpanningTree | undefined;
}

function describeTunnels({ network, host, bridge, tree }: Place, resources: readonly Resource[], snapshot: Snapshot): TunnelStatus[] {
  const { ovs } = snapshot;
  const hostOf = new Map(network.members.map((member) => [member.vtep, member.host]));
  const local = findMember(network, host)?.vtep;
  return resources
    .filter((resource): resource is OvsTunnelResource => resource.kind === "ovs-tunnel" && resource.bridge === bridge)
    .map((tunnel): TunnelStatus => {
      const to = hostOf.get(tunnel.remote) ?? tunnel.remote;
      const port = ovs.state === "ready" ? ovs.ports.find((candidate) => candidate.name === tunnel.name) : undefined;
      const isReserve = local !== undefined && tree?.blocked.some(({ link, at }) => at === host && link.includes(to)) === true;
      return {
        to,
        state: port === undefined ? "failed" : isAlive(snapshot) ? stateOf(port) : "down",
        expected: isReserve ? "blocked" : "forwarding",
      };
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
