import type { Addressing, Network } from "../model/cluster.ts";
import type { Problem } from "../model/problem.ts";
import { addressBits, familyOf, prefixLength, prefixSize, subprefix } from "./prefix.ts";

/**
 * Where a network's hosts have overlay addresses of their own, those are apart from every slice: from a prefix the user
 * wrote, or from the start of the subnet, a slice or more with room for twice the hosts. A host's number is its place in
 * it. Without them gateways do that.
 */
export function overlayOf(
  { addressing, subnet }: Pick<Network, "addressing" | "subnet">,
  { slicePrefix, hostCount }: { slicePrefix: number; hostCount: number },
): string {
  if (addressing.overlay !== undefined) return addressing.overlay;
  const roomy = addressBits(familyOf(subnet)) - Math.ceil(Math.log2(2 * hostCount + 2));
  return subprefix(subnet, Math.max(Math.min(slicePrefix, roomy), prefixLength(subnet)), 0);
}

/** Slices that go to no host, at least: one, when the overlay addresses have no prefix of the user's. */
export function countKeptSlices({ overlay }: Addressing): number {
  return overlay === undefined ? 1 : 0;
}

/** Undefined when the host with that number has an address in it: neither the network's nor, in IPv4, the broadcast one. */
export function findOverlayMisfit(overlay: string, highestNumber: number): Pick<Problem, "why" | "try"> | undefined {
  const isV4 = familyOf(overlay) === 4;
  const most = prefixSize(overlay) - (isV4 ? 2n : 1n);
  if (BigInt(highestNumber) <= most) return undefined;
  const bits = addressBits(familyOf(overlay));
  const length = bits - Math.ceil(Math.log2(highestNumber + (isV4 ? 2 : 1)));
  return {
    why: `${overlay} has ${most > 0n ? `addresses for the hosts 1 to ${most}` : "no address for a host"}, and a host has the number ${highestNumber}`,
    try: `write overlay: with a prefix of /${Math.min(length, prefixLength(overlay) - 1)} or wider`,
  };
}
