import { linkName } from "../net/names.ts";
import { findMember, type ResolvedMember, type ResolvedNetwork } from "../model/network.ts";
import { vethPeer } from "../kinds/ovs-veth.ts";
import type { OvsBridgeResource, OvsJoinResource, OvsTunnelResource, OvsVethResource, Resource } from "../model/resource.ts";
import type { OvsDataplane } from "../model/cluster.ts";
import { networkLinks } from "../net/graph/network-links.ts";
import { bridgeIdOf } from "../net/graph/bridge-id.ts";
import type { DataplaneCompiler } from "./dataplane.ts";

/**
 * Open vSwitch: a bridge of its own per network with one tunnel port per linked host, told apart by key, joined to the
 * Linux bridge by an internal port or a veth pair. Loops are prevented by split horizon, by a spanning tree between the OVS bridges, or
 * by a topology without any.
 */
export const ovsDataplane: DataplaneCompiler = {
  type: "ovs",

  compile({ network, member, mark, ovsDatapath }) {
    const dataplane = requireOvs(network);
    const name = ovsBridgeName(network, dataplane);
    const id = bridgeIdOf(dataplane, network, member);
    const bridge: OvsBridgeResource = {
      kind: "ovs-bridge",
      name,
      datapath: ovsDatapath,
      mac: id.mac,
      spanningTree: hasTree(dataplane) ? dataplane.loops : "none",
      priority: hasTree(dataplane) ? id.priority : 0,
      failMode: "standalone",
      mark,
    };
    const peers = networkLinks(network).flatMap(([a, b]) => (a === member.host ? [b] : b === member.host ? [a] : []));
    const tunnels = peers.flatMap((peer): Resource[] => {
      const to = findMember(network, peer);
      return to === undefined ? [] : [tunnelTo(network, dataplane, member, to, mark)];
    });
    return [bridge, ...tunnels, dataplane.join === "veth" ? joinByVeth(network, bridge, member) : joinByPort(network, bridge, member)];
  },
};

const joinByPort = (network: ResolvedNetwork, bridge: OvsBridgeResource, member: ResolvedMember): OvsJoinResource => ({
  ...{ kind: "ovs-join", name: linkName("i", bridge.name), ovsBridge: bridge.name, bridge: network.bridge },
  ...{ mac: member.vtepMac, mtuBytes: network.mtuBytes, flooding: true, isolated: true, up: true, mark: bridge.mark, error: "" },
});

function joinByVeth(network: ResolvedNetwork, bridge: OvsBridgeResource, member: ResolvedMember): OvsVethResource {
  const { mtuBytes } = network;
  const name = linkName("y", bridge.name);
  const devices = [name, vethPeer(name)];
  return {
    ...{ kind: "ovs-veth", name, devices, ovsBridge: bridge.name, bridge: network.bridge },
    ...{ mac: member.vtepMac, mtuBytes, peerMtuBytes: mtuBytes },
    // the kernel's datapath fills checksums in when a packet leaves the host; userspace reads packets as they are
    checksumOffload: bridge.datapath === "system" ? devices : [],
    ...{ spanningTrees: [], flooding: true, isolated: true, up: devices, mark: bridge.mark },
  };
}

function tunnelTo(
  network: ResolvedNetwork,
  dataplane: OvsDataplane,
  member: ResolvedMember,
  to: ResolvedMember,
  mark: string,
): OvsTunnelResource {
  const bridge = ovsBridgeName(network, dataplane);
  return {
    kind: "ovs-tunnel",
    name: linkName("t", bridge, to.vtep),
    bridge,
    tunnel: dataplane.tunnel,
    local: member.vtep,
    remote: to.vtep,
    key: dataplane.key === "none" ? "" : String(network.vni),
    port: dataplane.port === undefined ? "" : String(dataplane.port),
    protected: dataplane.loops === "split-horizon",
    bfd: hasTree(dataplane),
    mark,
    error: "",
  };
}

/** A hash over what two hosts must agree on; the key stands for the topology too, which the lock changes along with it. */
function ovsBridgeName(network: ResolvedNetwork, { tunnel, port, loops, key }: OvsDataplane): string {
  return linkName("o", network.bridge, tunnel, String(port ?? ""), loops, key === "none" ? "none" : String(network.vni));
}

const hasTree = (dataplane: OvsDataplane): dataplane is OvsDataplane & { loops: "rstp" | "stp" } =>
  dataplane.loops === "rstp" || dataplane.loops === "stp";

function requireOvs(network: ResolvedNetwork): OvsDataplane {
  if (network.dataplane.type !== "ovs") throw new Error(`network ${network.name} is not an ovs network`);
  return network.dataplane;
}
