import { linkName } from "../../net/names.ts";
import type { Resource } from "../../kinds/index.ts";
import type { CompileInput } from "../dataplane.ts";
import type { VxlanPin, VxlanSpec } from "./schema.ts";

/** Hops an outer packet may take; the kernel's own default for tunnels without `ttl` is the route's. */
const OUTER_TTL = 64;

export function compileVxlan({ network, member, mark }: CompileInput<VxlanSpec, VxlanPin>): Resource[] {
  const { port } = network.dataplane;
  const { vni } = network.pin;
  const device = linkName("v", network.bridge, String(vni), String(port)); // a hash over what the kernel cannot change
  const peers = network.members.filter((peer) => peer.host !== member.host); // by VTEP, as members are
  return [
    {
      kind: "vxlan",
      network: network.name,
      name: device,
      bridge: network.bridge,
      vni,
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
    { kind: "flood-list", network: network.name, device, remotes: peers.map((peer) => peer.vtep) },
    {
      kind: "neighbours",
      network: network.name,
      bridge: network.bridge,
      device,
      entries: peers.map((peer) => ({ address: peer.overlay, mac: peer.gatewayMac, vtep: peer.vtep })),
    },
  ];
}
