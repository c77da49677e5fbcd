import { linkName } from "../../net/names.ts";
import { findMember, type ResolvedMember, type ResolvedNetwork } from "../../model/network.ts";
import { vethPeer } from "../../kinds/ovs-veth.ts";
import type { OvsBridgeResource } from "../../kinds/ovs-bridge.ts";
import type { OvsJoinResource } from "../../kinds/ovs-join.ts";
import type { OvsTunnelResource } from "../../kinds/ovs-tunnel.ts";
import type { OvsVethResource } from "../../kinds/ovs-veth.ts";
import type { Resource } from "../../kinds/index.ts";
import type { CompileInput } from "../dataplane.ts";
import { networkLinks } from "../network-links.ts";
import { bridgeIdOf } from "./bridge-id.ts";
import { datapathOf } from "./datapath.ts";
import type { OvsPin } from "./pin.ts";
import { hasTree, type OvsSpec } from "./spec.ts";

type OvsNetwork = ResolvedNetwork<OvsSpec, OvsPin>;

export function compileOvs({ network, member, mark, facts }: CompileInput<OvsSpec, OvsPin>): Resource[] {
  const { dataplane } = network;
  const id = bridgeIdOf(network, member);
  const bridge: OvsBridgeResource = {
    kind: "ovs-bridge",
    network: network.name,
    name: ovsBridgeName(network),
    datapath: datapathOf(dataplane, facts.get(member.host)),
    mac: id.mac,
    spanningTree: hasTree(dataplane) ? dataplane.loops : "none",
    priority: hasTree(dataplane) ? id.priority : 0,
    failMode: "standalone",
    mark,
  };
  const peers = networkLinks(network, dataplane.topology).flatMap(([a, b]) => (a === member.host ? [b] : b === member.host ? [a] : []));
  const tunnels = peers.flatMap((peer): Resource[] => {
    const to = findMember(network, peer);
    return to === undefined ? [] : [tunnelTo(network, member, to, mark)];
  });
  return [bridge, ...tunnels, dataplane.join === "veth" ? joinByVeth(network, bridge, member) : joinByPort(network, bridge, member)];
}

const joinByPort = (network: OvsNetwork, bridge: OvsBridgeResource, member: ResolvedMember): OvsJoinResource => ({
  ...{ kind: "ovs-join", network: network.name, name: linkName("i", bridge.name), ovsBridge: bridge.name, bridge: network.bridge },
  ...{ mac: member.vtepMac, mtuBytes: network.mtuBytes, flooding: true, isolated: true, up: true, mark: bridge.mark, error: "" },
});

function joinByVeth(network: OvsNetwork, bridge: OvsBridgeResource, member: ResolvedMember): OvsVethResource {
  const { mtuBytes } = network;
  const name = linkName("y", bridge.name);
  const devices = [name, vethPeer(name)];
  return {
    ...{ kind: "ovs-veth", network: network.name, name, devices, ovsBridge: bridge.name, bridge: network.bridge },
    ...{ mac: member.vtepMac, mtuBytes, peerMtuBytes: mtuBytes },
    // the kernel's datapath fills checksums in when a packet leaves the host; userspace reads packets as they are
    checksumOffload: bridge.datapath === "system" ? devices : [],
    ...{ spanningTrees: [], flooding: true, isolated: true, up: devices, mark: bridge.mark },
  };
}

function tunnelTo(network: OvsNetwork, member: ResolvedMember, to: ResolvedMember, mark: string): OvsTunnelResource {
  const { dataplane } = network;
  const bridge = ovsBridgeName(network);
  return {
    kind: "ovs-tunnel",
    network: network.name,
    name: linkName("t", bridge, to.vtep),
    bridge,
    tunnel: dataplane.tunnel,
    local: member.vtep,
    remote: to.vtep,
    key: dataplane.key === "none" ? "" : String(network.pin.key),
    port: dataplane.port === undefined ? "" : String(dataplane.port),
    protected: dataplane.loops === "split-horizon",
    bfd: hasTree(dataplane),
    mark,
    error: "",
  };
}

/** A hash over what two hosts must agree on; the key stands for the topology too, which the lock changes along with it. */
function ovsBridgeName({ bridge, dataplane, pin }: OvsNetwork): string {
  const { tunnel, port, loops, key } = dataplane;
  return linkName("o", bridge, tunnel, String(port ?? ""), loops, key === "none" ? "none" : String(pin.key));
}
