import { linkName } from "../../net/names.ts";
import type { Resource } from "../../kinds/index.ts";
import type { NeighbourEntry } from "../../kinds/neighbours.ts";
import { peersOf } from "../../model/peers.ts";
import type { ResolvedNetwork } from "../../model/network.ts";
import type { CompileInput } from "../dataplane.ts";
import type { VxlanPin, VxlanSpec } from "./schema.ts";

/** Hops an outer packet may take; the kernel's own default for tunnels without `ttl` is the route's. */
const OUTER_TTL = 64;

const ENTRIES = new WeakMap<ResolvedNetwork, readonly NeighbourEntry[]>();

/** What all members are to each other, made once for all hosts: 5,000 hosts would make 25 million. */
function entriesOf(network: ResolvedNetwork): readonly NeighbourEntry[] {
  const known = ENTRIES.get(network);
  if (known !== undefined) return known;
  const entries = network.members.map(({ overlay, gatewayMac, vtep }) => ({ address: overlay, mac: gatewayMac, vtep }));
  ENTRIES.set(network, entries);
  return entries;
}

export function compileVxlan({ network, member, mark }: CompileInput<VxlanSpec, VxlanPin>): Resource[] {
  const { port } = network.dataplane;
  const { vni } = network.pin;
  const device = linkName("v", network.bridge, String(vni), String(port)); // a hash over what the kernel cannot change
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
    { kind: "flood-list", network: network.name, device, remotes: peersOf(network, member) },
    {
      kind: "neighbours",
      network: network.name,
      bridge: network.bridge,
      device,
      entries: entriesOf(network).toSpliced(network.members.indexOf(member), 1),
    },
  ];
}
