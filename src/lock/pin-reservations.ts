import { addressAt, containsPrefix, offsetIn } from "../net/prefix.ts";
import { layoutSlice } from "../net/slices.ts";
import type { Problem } from "../model/problem.ts";
import type { LockedNetwork } from "../model/lock.ts";
import type { PinNetworkInput } from "./pin-network.ts";
import type { Notes } from "./pin-notes.ts";

/** Static addresses lie in the part of a slice that nothing else hands out. */
export function checkReservedPlaces(input: PinNetworkInput, locked: Pick<LockedNetwork, "slices" | "overlay">, notes: Notes): void {
  const { reservations } = input.network;
  const taken = new Set(Object.values(reservations));
  for (const [name, address] of Object.entries(reservations)) {
    const fault = findFault(address, input, locked, taken);
    if (fault !== undefined) notes.fail(["ip", name], fault);
  }
}

function findFault(
  address: string,
  { hosts }: PinNetworkInput,
  { slices, overlay }: Pick<LockedNetwork, "slices" | "overlay">,
  taken: ReadonlySet<string>,
): Pick<Problem, "why" | "try"> | undefined {
  const living = Object.entries(slices).filter(([host]) => Object.hasOwn(hosts, host));
  const [host, slice] = Object.entries(slices).find(([, candidate]) => containsPrefix(candidate, address)) ?? [];
  if (host === undefined || slice === undefined || !Object.hasOwn(hosts, host)) {
    const why =
      overlay !== undefined && containsPrefix(overlay, address)
        ? `${address} lies in ${overlay}, where the hosts' own overlay addresses come from`
        : host === undefined
          ? `${address} is in no host's slice`
          : `${address} is in ${slice}, the slice of ${host}, which leaves`;
    return { why, try: adviseFree(living[0], taken) };
  }
  const { unused, gateway, probe, dockerRange } = layoutSlice(slice);
  const advice = adviseFree([host, slice], taken);
  if (address === unused)
    return { why: `${address} is the first address of ${slice}, the slice of ${host}, and stays unused`, try: advice };
  if (address === gateway) return { why: `${address} is the gateway of ${host}`, try: advice };
  if (address === probe) return { why: `${address} is where verify places its probe on ${host}`, try: advice };
  if (!containsPrefix(dockerRange, address)) return undefined;
  return { why: `${address} is in ${dockerRange}, from which Docker on ${host} hands out addresses by itself`, try: advice };
}

function adviseFree(place: readonly [string, string] | undefined, taken: ReadonlySet<string>): string {
  if (place === undefined) return "remove it";
  const [host, slice] = place;
  const { first, last } = layoutSlice(slice).staticRange;
  const start = offsetIn(slice, first);
  // one more than are taken: one of these is free, if the range has so many
  const candidates = Array.from({ length: taken.size + 1 }, (_, i) => start + BigInt(i)).filter(
    (offset) => offset <= offsetIn(slice, last),
  );
  const free = candidates.map((offset) => addressAt(slice, offset)).find((address) => !taken.has(address));
  return free === undefined
    ? `remove it: ${first} to ${last} of ${host} are all kept already`
    : `write an address from ${first} to ${last} (${host}), like ${free}`;
}
