import { encapOverheadBytes } from "../../net/mtu.ts";
import { familyOf } from "../../net/prefix.ts";
import type { ResolvedNetwork } from "../../model/network.ts";
import { traitsOf, tunnelOf } from "../../dataplanes/index.ts";
import { describeWire } from "../../net/tunnel.ts";
import type { VerifyTarget } from "./target.ts";

/** What must be true of these networks, for the ones named (all, when `only` is absent). */
export function deriveTarget(networks: readonly ResolvedNetwork[], only?: ReadonlySet<string>): VerifyTarget {
  const wanted = networks.filter((network) => only === undefined || only.has(network.name));
  const underlay = Object.fromEntries(
    wanted.flatMap((network) => network.members.map((member) => [member.host, { address: member.vtep }])),
  );
  return {
    underlay,
    networks: wanted.map((network) => ({
      name: network.name,
      subnet: network.subnet,
      mtuBytes: network.mtuBytes,
      overheadBytes: encapOverheadBytes(tunnelOf(network), familyOf(network.members[0]?.vtep ?? "0.0.0.0")),
      layer: traitsOf(network.dataplane).layer,
      wire: describeWire(tunnelOf(network)),
      egress: network.egress,
      hosts: [...network.members]
        .sort((a, b) => a.index - b.index)
        .map((member) => ({
          host: member.host,
          bridge: network.bridge,
          gateway: member.gateway,
          overlay: member.overlay,
          probe: member.probeCidr,
          probeMac: member.probeMac,
        })),
    })),
  };
}
