import { addressBits, familyOf, firstAddress, offsetIn, overlapsPrefix, prefixLength } from "./prefix.ts";

export interface OwnedPrefix {
  owner: string;
  prefix: string;
}

/** Pairs that overlap, the wider first; of equal ones the earlier in the list. Every entry that is not first appears. */
export function findOverlaps(list: readonly OwnedPrefix[]): { wider: OwnedPrefix; inside: OwnedPrefix }[] {
  const sorted = list
    .map((entry) => ({ entry, place: placeOf(entry.prefix), length: prefixLength(entry.prefix) }))
    .toSorted((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : a.length - b.length));
  const pairs: { wider: OwnedPrefix; inside: OwnedPrefix }[] = [];
  // Prefixes nest or are apart: sorted, each can only overlap the widest one before it.
  let wider: OwnedPrefix | undefined;
  for (const { entry } of sorted) {
    if (wider !== undefined && overlapsPrefix(wider.prefix, entry.prefix)) pairs.push({ wider, inside: entry });
    else wider = entry;
  }
  return pairs;
}

/** IPv6 behind IPv4, so that one order holds for both. */
function placeOf(prefix: string): bigint {
  const family = familyOf(prefix);
  const value = offsetIn(family === 4 ? "0.0.0.0/0" : "::/0", firstAddress(prefix));
  return family === 4 ? value : value + (1n << BigInt(addressBits(4)));
}
