import type { Addressing, Attach, Cluster, Dataplane, Egress } from "../spec/cluster.ts";
import type { Lock } from "../spec/lock.ts";
import { deriveMac } from "./mac.ts";
import { linkName } from "./names.ts";
import { addressAt, prefixLength } from "./prefix.ts";
import { layoutSlice } from "./slices.ts";

/** A network with every number filled in from the lock; the same value serves all hosts. */
export interface ResolvedNetwork {
  name: string;
  subnet: string;
  dataplane: Dataplane;
  vni: number;
  mtuBytes: number;
  egress: Egress;
  attach: Attach;
  addressing: Addressing["mode"];
  reservations: Readonly<Record<string, string>>;
  /** Our bridge; the same name on every host. */
  bridge: string;
  /** By underlay address as text, so that lists made from it are sorted already. */
  members: readonly ResolvedMember[];
}

/** A host's place in a network. */
export interface ResolvedMember {
  host: string;
  index: number;
  /** Underlay address: the tunnel's end. */
  vtep: string;
  slice: string;
  /** What containers on this host call it by. */
  gateway: string;
  /** With the length of the members' subnet: the network's own, or with per-host addressing the slice's. */
  gatewayCidr: string;
  /** What the other hosts and their containers call this host by: the gateway, or with per-host addressing an address of its own. */
  overlay: string;
  /** Only when it is not the gateway. */
  overlayCidr?: string;
  /** The subnet members of this host live in: the network's own, or with per-host addressing the slice. */
  subnet: string;
  /** MAC of the bridge, so of the gateway. */
  gatewayMac: string;
  vtepMac: string;
  dockerRange: string;
  probeCidr: string;
  probeMac: string;
}

export function resolveNetworks(cluster: Cluster, lock: Lock): ResolvedNetwork[] {
  return cluster.networks.flatMap((network) => {
    const locked = lock.networks[network.name];
    if (locked === undefined) return [];
    const members = cluster.hosts.flatMap((host) => {
      const index = lock.hosts[host.name]?.index;
      const slice = locked.slices[host.name];
      if (index === undefined || slice === undefined) return [];
      const place = { uuid: lock.uuid, network: network.name, host: host.name, vtep: host.address, index, slice };
      return [resolveMember({ ...place, subnet: network.subnet, ...(locked.overlay === undefined ? {} : { overlay: locked.overlay }) })];
    });
    return [
      {
        name: network.name,
        subnet: network.subnet,
        dataplane: network.dataplane,
        vni: locked.vni,
        mtuBytes: locked.mtuBytes,
        egress: network.egress,
        attach: network.attach,
        addressing: network.addressing.mode,
        reservations: network.reservations,
        bridge: linkName("b", lock.uuid, network.name),
        members: members.sort((a, b) => (a.vtep < b.vtep ? -1 : 1)),
      },
    ];
  });
}

interface MemberInput {
  uuid: string;
  network: string;
  host: string;
  vtep: string;
  index: number;
  slice: string;
  subnet: string;
  overlay?: string;
}

function resolveMember({ uuid, network, host, vtep, index, slice, ...input }: MemberInput): ResolvedMember {
  const { gateway, probe, dockerRange } = layoutSlice(slice);
  const subnet = input.overlay === undefined ? input.subnet : slice;
  const length = prefixLength(subnet);
  // the host's number is its place in the overlay prefix, so nobody moves when another joins
  const overlay = input.overlay === undefined ? gateway : addressAt(input.overlay, BigInt(index));
  const mac = (role: string): string => deriveMac(uuid, network, String(index), role);
  return {
    host,
    index,
    vtep,
    slice,
    gateway,
    gatewayCidr: `${gateway}/${length}`,
    overlay,
    ...(input.overlay === undefined ? {} : { overlayCidr: `${overlay}/${prefixLength(input.overlay)}` }),
    subnet,
    gatewayMac: mac("gateway"),
    vtepMac: mac("vtep"),
    dockerRange,
    probeCidr: `${probe}/${length}`,
    probeMac: mac("probe"),
  };
}

/** Asked for every host of every network: looked up in an index made once, or 10,000 hosts would cost 10^8 comparisons. */
export function findMember(network: ResolvedNetwork, host: string): ResolvedMember | undefined {
  let byHost = MEMBER_INDEX.get(network);
  if (byHost === undefined) {
    byHost = new Map(network.members.map((member) => [member.host, member]));
    MEMBER_INDEX.set(network, byHost);
  }
  return byHost.get(host);
}

const MEMBER_INDEX = new WeakMap<ResolvedNetwork, ReadonlyMap<string, ResolvedMember>>();
