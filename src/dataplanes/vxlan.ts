import { linkName } from "../net/names.ts";
import type { ResolvedNetwork } from "../model/network.ts";
import type { DataplaneCompiler } from "./dataplane.ts";

/** Hops an outer packet may take; the kernel's own default for tunnels without `ttl` is the route's. */
const OUTER_TTL = 64;

/**
 * Kernel VXLAN with unicast peers: one device per network, a head-end replication list of the other hosts, and the
 * hosts' own overlay addresses known in advance. Members' MACs are learned from traffic. Multicast groups were dropped
 * (clouds do not carry them), and so was `external` mode (one device for all networks, but flags per network are gone).
 */
export const vxlanDataplane: DataplaneCompiler = {
  type: "vxlan",

  compile({ network, member, mark }) {
    const port = requirePort(network);
    const device = linkName("v", network.bridge, String(network.vni), String(port)); // a hash over what the kernel cannot change
    const peers = network.members.filter((peer) => peer.host !== member.host); // by VTEP, as members are
    return [
      {
        kind: "vxlan",
        name: device,
        bridge: network.bridge,
        vni: network.vni,
        port,
        local: member.vtep,
        mac: member.vtepMac,
        mtuBytes: network.mtuBytes,
        df: "set",
        ttl: OUTER_TTL,
        learning: true,
        flooding: true,
        isolated: true,
        neighSuppress: true,
        up: true,
        mark,
      },
      { kind: "flood-list", device, remotes: peers.map((peer) => peer.vtep) },
      {
        kind: "neighbours",
        bridge: network.bridge,
        device,
        entries: peers.map((peer) => ({ address: peer.overlay, mac: peer.gatewayMac, vtep: peer.vtep })),
      },
    ];
  },
};

function requirePort({ name, dataplane }: ResolvedNetwork): number {
  if (dataplane.type !== "vxlan") throw new Error(`network ${name} is not a vxlan network`);
  return dataplane.port;
}
