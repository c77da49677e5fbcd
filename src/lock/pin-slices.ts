import { assignSlices } from "../net/assign-slices.ts";
import { findOverlaps } from "../net/find-overlaps.ts";
import { usesOverlay } from "../dataplanes/index.ts";
import { countKeptSlices } from "../net/overlay.ts";
import { containsPrefix } from "../net/prefix.ts";
import { defaultSlicePrefix, findSliceMisfit } from "../net/slices.ts";
import type { LockedNetwork } from "../model/lock.ts";
import type { PinNetworkInput } from "./pin-network.ts";
import type { Notes } from "./pin-notes.ts";
import { pinOverlay } from "./pin-overlay.ts";

export function pinSlices(input: PinNetworkInput, notes: Notes): Pick<LockedNetwork, "slicePrefix" | "slices" | "overlay"> {
  const { network, before, hosts, removedHosts } = input;
  const kept = Object.entries(before?.slices ?? {}).filter(([host]) => Object.hasOwn(hosts, host) || Object.hasOwn(removedHosts, host));
  checkKept(input, kept, notes);
  const slicePrefix = chooseSlicePrefix(input, notes);
  const overlay = slicePrefix === undefined ? undefined : pinOverlay(input, slicePrefix, notes);
  if (notes.problems.length > 0) return { slicePrefix: slicePrefix ?? 0, slices: Object.fromEntries(kept) };

  const existing = Object.fromEntries(kept);
  const wanting = Object.entries(hosts).map(([name, { index }]) => ({ name, index }));
  const slices = assignSlices({
    subnet: network.subnet,
    slicePrefix: slicePrefix!,
    hosts: wanting,
    pins: network.addressing.pins,
    existing,
    overlay,
  });
  if ("why" in slices) {
    notes.fail(["subnet"], { why: `${slices.why}; none is left for ${slices.what}`, try: slices.try });
    return { slicePrefix: slicePrefix!, slices: existing };
  }
  for (const [host, slice] of slices) {
    if (!Object.hasOwn(existing, host)) notes.changes.push(`host ${host} gets ${slice} of network ${network.name}`);
  }
  // A removed host's slice stays taken as long as its tombstone stands.
  return {
    ...(overlay === undefined ? {} : { overlay }),
    slicePrefix: slicePrefix!,
    slices: { ...existing, ...Object.fromEntries(slices) },
  };
}

function chooseSlicePrefix({ network, before, hosts, removedHosts }: PinNetworkInput, notes: Notes): number | undefined {
  const { slicePrefix } = network.addressing;
  const hostCount = Object.keys(hosts).length + Object.keys(removedHosts).length;
  const keptCount = usesOverlay(network) ? countKeptSlices(network.addressing) : 0;
  const chosen = slicePrefix ?? before?.slicePrefix ?? defaultSlicePrefix(network.subnet, hostCount, keptCount);
  // Locked slices may have another size; whether new ones fit is then for assignSlices to find out.
  const misfit =
    typeof chosen !== "number"
      ? chosen
      : before === undefined
        ? findSliceMisfit(network.subnet, chosen, hostCount, keptCount)
        : findSliceMisfit(network.subnet, chosen, 1);
  if (misfit !== undefined) notes.fail(slicePrefix === undefined ? ["subnet"] : ["addressing", "slicePrefix"], misfit);
  if (typeof chosen !== "number" || misfit !== undefined) return undefined;
  if (before !== undefined && before.slicePrefix !== chosen) {
    notes.changes.push(
      `network ${network.name} gives new hosts /${chosen} slices instead of /${before.slicePrefix}; the present ones stay`,
    );
  }
  return chosen;
}

/** Locked slices never move: a file that asks for it would renumber running containers. */
function checkKept({ network, hosts }: PinNetworkInput, kept: readonly [string, string][], notes: Notes): void {
  const outside = kept.filter(([, slice]) => !containsPrefix(network.subnet, slice));
  if (outside.length > 0) {
    const named = outside.slice(0, 3).map(([host, slice]) => `${slice} of ${host}`);
    const more = outside.length > 3 ? ` and ${outside.length - 3} more` : "";
    notes.fail(["subnet"], {
      why: `${network.subnet} leaves out locked slices with addresses in use: ${named.join(", ")}${more}`,
      try: "keep a subnet that contains them, or add a second network and move the containers",
    });
  }
  const locked = new Map(kept);
  const owned = kept.map(([owner, prefix]) => ({ owner, prefix }));
  for (const [host, pin] of Object.entries(network.addressing.pins)) {
    const slice = locked.get(host);
    if (slice === undefined) owned.push({ owner: host, prefix: pin });
    else if (slice !== pin && Object.hasOwn(hosts, host)) {
      const why = `${host} already has ${slice}, and moving it to ${pin} would renumber its containers`;
      notes.fail(["addressing", "hosts", host], { why, try: `write ${slice}, or remove the pin` });
    }
  }
  for (const { wider, inside } of findOverlaps(owned)) {
    const [pin, other] = locked.has(inside.owner) ? [wider, inside] : [inside, wider];
    notes.fail(["addressing", "hosts", pin.owner], {
      why: `${pin.prefix} overlaps ${other.prefix}, locked for ${other.owner}`,
      try: "pin a slice that is free",
    });
  }
}
