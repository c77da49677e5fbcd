import { linkName } from "../../net/names.ts";
import type { Resource } from "../../kinds/index.ts";
import type { NeighbourEntry } from "../../kinds/neighbours.ts";
import type { ResolvedNetwork } from "../../model/network.ts";
import type { CompileInput } from "../dataplane.ts";
import type { VxlanPin, VxlanSpec } from "./schema.ts";

/** Hops an outer packet may take; the kernel's own default for tunnels without `ttl` is the route's. */
const OUTER_TTL = 64;

interface Lists {
  vteps: readonly string[];
  entries: readonly NeighbourEntry[];
}
const LISTS = new WeakMap<ResolvedNetwork, Lists>();

/** What all members are to each other, made once for all hosts, by VTEP as members are: 5,000 hosts would make 25 million entries. */
function listsOf(network: ResolvedNetwork): Lists {
  const known = LISTS.get(network);
  if (known !== undefined) return known;
  const lists = {
    vteps: network.members.map(({ vtep }) => vtep),
    entries: network.members.map(({ overlay, gatewayMac, vtep }) => ({ address: overlay, mac: gatewayMac, vtep })),
  };
  LISTS.set(network, lists);
  return lists;
}

export function compileVxlan({ network, member, mark }: CompileInput<VxlanSpec, VxlanPin>): Resource[] {
  const { port } = network.dataplane;
  const { vni } = network.pin;
  const device = linkName("v", network.bridge, String(vni), String(port)); // a hash over what the kernel cannot change
  const { vteps, entries } = listsOf(network);
  const own = network.members.indexOf(member);
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
    { kind: "flood-list", network: network.name, device, remotes: vteps.toSpliced(own, 1) },
    {
      kind: "neighbours",
      network: network.name,
      bridge: network.bridge,
      device,
      entries: entries.toSpliced(own, 1),
    },
  ];
}
