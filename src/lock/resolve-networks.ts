import { getDataplane } from "../dataplanes/index.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Lock } from "../model/lock.ts";
import type { ResolvedMember, ResolvedNetwork } from "../model/network.ts";
import { deriveMac } from "../net/mac.ts";
import { linkName } from "../net/names.ts";
import { addressAt, prefixLength } from "../net/prefix.ts";
import { layoutSlice } from "../net/slices.ts";

export function resolveNetworks(cluster: Cluster, lock: Lock): ResolvedNetwork[] {
  return cluster.networks.flatMap((network) => {
    const locked = lock.networks[network.name];
    if (locked === undefined) return [];
    const members = cluster.hosts.flatMap((host) => {
      const { index, prepared } = lock.hosts[host.name] ?? {};
      const slice = locked.slices[host.name];
      if (index === undefined || slice === undefined) return [];
      const place = { uuid: lock.uuid, network: network.name, host: host.name, vtep: host.address, index, slice };
      const subnet = network.addressing.mode === "per-host" ? slice : network.subnet;
      const member = resolveMember({ ...place, subnet, ...(locked.overlay === undefined ? {} : { overlay: locked.overlay }) });
      return [prepared === undefined ? member : { ...member, prepared }];
    });
    return [
      {
        name: network.name,
        subnet: network.subnet,
        dataplane: getDataplane(network.dataplane).settle?.(network.dataplane, locked.dataplane) ?? network.dataplane,
        pin: locked.dataplane,
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
  /** The one its members live in. */
  subnet: string;
  overlay?: string;
}

function resolveMember({ uuid, network, host, vtep, index, slice, subnet, ...input }: MemberInput): ResolvedMember {
  const { gateway, probe, dockerRange } = layoutSlice(slice);
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
