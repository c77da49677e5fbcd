import type { Problem } from "../model/problem.ts";
import { addressAt, addressBits, familyOf, prefixLength, subprefix } from "./prefix.ts";

/**
 * A slice is a host's share of a subnet. Sixteen addresses are the least that hold the layout below with room for
 * eight containers.
 */
const SMALLEST_SLICE_BITS = 4;
/** IPv6: at most this long by default, so that a slice keeps 65,536 addresses wherever the subnet allows it. */
const LONGEST_DEFAULT_IPV6 = 112;

export interface SliceLayout {
  /** Docker hands out the first address of an --ip-range (measured), which surprises people and tools: kept out. */
  unused: string;
  /** The host's own overlay address. */
  gateway: string;
  /** Where `verify` places its endpoint. */
  probe: string;
  /** The rest of the lower half, for static and DHCP members. First and last address. */
  staticRange: { first: string; last: string };
  /** Docker's --ip-range: the upper half. */
  dockerRange: string;
}

export function layoutSlice(slice: string): SliceLayout {
  const dockerRange = subprefix(slice, prefixLength(slice) + 1, 1);
  const lower = subprefix(slice, prefixLength(slice) + 1, 0);
  return {
    unused: addressAt(slice, 0n),
    gateway: addressAt(slice, 1n),
    probe: addressAt(slice, 2n),
    staticRange: { first: addressAt(slice, 3n), last: addressAt(lower, -1n) },
    dockerRange,
  };
}

/** The longest prefix length a slice of this subnet's family may have. */
export function longestSlicePrefix(subnet: string): number {
  return addressBits(familyOf(subnet)) - SMALLEST_SLICE_BITS;
}

/** Room for twice the hosts, for at least 256 in a wide subnet and 64 in a narrow one, if the subnet gives it. */
export function defaultSlicePrefix(subnet: string, hostCount: number, keptCount = 0): number | Problem {
  const length = prefixLength(subnet);
  const isV6 = familyOf(subnet) === 6;
  const least = Math.ceil(Math.log2(hostCount + keptCount + 1)) + 1;
  const roomy = isV6 ? 16 : length <= 16 ? 8 : 6;
  const cap = isV6 ? Math.max(LONGEST_DEFAULT_IPV6, Math.min(length + least, longestSlicePrefix(subnet))) : longestSlicePrefix(subnet);
  const slicePrefix = Math.min(length + Math.max(least, roomy), cap);
  return findSliceMisfit(subnet, slicePrefix, hostCount, keptCount) ?? slicePrefix;
}

/** Undefined when `hostCount` slices of that length fit into the subnet, beside `keptCount` that go to no host (overlay.ts). */
export function findSliceMisfit(subnet: string, slicePrefix: number, hostCount: number, keptCount = 0): Problem | undefined {
  const needed = Math.max(hostCount + keptCount, 1);
  const length = prefixLength(subnet);
  const bits = addressBits(familyOf(subnet));
  const longest = longestSlicePrefix(subnet);
  const problem = { kind: "input" as const, doing: "dividing the subnet", what: subnet, where: "" };
  const wider = bits - SMALLEST_SLICE_BITS - Math.ceil(Math.log2(needed));
  if (length > longest) {
    const why = `/${length} holds ${2 ** (bits - length)} address${length === bits ? "" : "es"}, and one host's slice needs at least ${2 ** SMALLEST_SLICE_BITS} (/${longest})`;
    return { ...problem, why, try: `use a subnet of /${Math.max(wider, 1)} or wider` };
  }
  if (slicePrefix > longest) {
    const why = `a /${slicePrefix} slice is too small: gateway, probe and containers need at least ${2 ** SMALLEST_SLICE_BITS} addresses`;
    return { ...problem, why, try: `write slicePrefix: ${longest} or less` };
  }
  const enough = length + Math.ceil(Math.log2(needed));
  const advice =
    enough > longest ? `use a subnet of /${Math.max(wider, 1)} or wider` : `write slicePrefix: ${enough} or more, at most ${longest}`;
  if (slicePrefix < length) {
    return { ...problem, why: `a /${slicePrefix} slice is larger than the /${length} subnet`, try: advice };
  }
  const slices = 2 ** (slicePrefix - length);
  if (slices >= needed) return undefined;
  const why = `/${length} into /${slicePrefix} slices gives 2^(${slicePrefix} - ${length}) = ${slices}, and there are ${hostCount} hosts${keptCount === 0 ? "" : `, whose overlay addresses need ${keptCount} more`}`;
  return { ...problem, why, try: advice };
}
