import type { Problem } from "../model/problem.ts";
import { addressBits, familyOf, offsetIn, prefixLength, prefixSize, subprefix } from "./prefix.ts";

export interface AssignSlicesInput {
  subnet: string;
  /** Length of every new slice. */
  slicePrefix: number;
  /** Every host that needs a slice; the index is its preferred slice number. */
  hosts: readonly { name: string; index: number }[];
  /** Slices the user pinned, by host. */
  pins: Readonly<Record<string, string>>;
  /** Locked slices, by host, those of removed hosts included: they are never moved and never given away. */
  existing: Readonly<Record<string, string>>;
  /** With per-host addressing: the prefix of the hosts' overlay addresses, no part of it is ever a slice. */
  overlay?: string | undefined;
}

/** A slice for every host of `hosts`, by host name; a Problem when the subnet is full. */
export function assignSlices(input: AssignSlicesInput): ReadonlyMap<string, string> | Problem {
  const { subnet, slicePrefix, pins, existing } = input;
  const slices = new Map<string, string>();
  const kept = input.overlay === undefined ? [] : [input.overlay];
  const isTaken = occupancy(subnet, slicePrefix, [...kept, ...Object.values(pins), ...Object.values(existing)]);
  const given = new Set<number>();
  const count = 2 ** (slicePrefix - prefixLength(subnet));
  const isFree = (number: number): boolean => number < count && !given.has(number) && !isTaken(number);
  const give = (host: string, number: number): void => {
    given.add(number);
    slices.set(host, subprefix(subnet, slicePrefix, number));
  };

  const late: string[] = [];
  for (const { name, index } of input.hosts) {
    const fixed = existing[name] ?? pins[name];
    if (fixed !== undefined) slices.set(name, fixed);
    else if (isFree(index)) give(name, index);
    else late.push(name);
  }

  // Slice 0 starts at the subnet's own network address, so it comes last.
  let number = 1;
  for (const name of late) {
    while (number < count && !isFree(number)) number++;
    if (number < count) give(name, number);
    else if (isFree(0)) give(name, 0);
    else return fullSubnet(subnet, slicePrefix, name, late.length);
  }
  return slices;
}

/** Tells whether slice `number` overlaps one of `prefixes`, which may have any length: binary search over merged ranges. */
function occupancy(subnet: string, slicePrefix: number, prefixes: readonly string[]): (number: number) => boolean {
  const sliceSize = 1n << BigInt(addressBits(familyOf(subnet)) - slicePrefix);
  const ranges = prefixes
    .map((prefix) => {
      const start = offsetIn(subnet, prefix);
      return { first: Number(start / sliceSize), last: Number((start + prefixSize(prefix) - 1n) / sliceSize) };
    })
    .toSorted((a, b) => a.first - b.first);
  const firsts = ranges.map((range) => range.first);
  // Prefixes either nest or are apart, so the furthest end so far is the end that counts.
  let end = -1;
  const ends = ranges.map((range) => (end = Math.max(end, range.last)));
  return (number) => {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firsts[middle]! <= number) low = middle + 1;
      else high = middle;
    }
    return low > 0 && ends[low - 1]! >= number;
  };
}

function fullSubnet(subnet: string, slicePrefix: number, host: string, waiting: number): Problem {
  const more = waiting === 1 ? "" : ` (and up to ${waiting - 1} more)`;
  return {
    kind: "input",
    doing: "giving a slice to",
    what: `${host}${more}`,
    where: "",
    why: `every /${slicePrefix} slice of ${subnet} is pinned, locked or taken`,
    try: "use a wider subnet, or a larger slicePrefix for new slices",
  };
}
