import { assignSlices } from "../addressing/assign-slices.ts";
import { findOverlaps } from "../addressing/find-overlaps.ts";
import { networkMtu } from "../addressing/mtu.ts";
import { containsPrefix, familyOf } from "../addressing/prefix.ts";
import { defaultSlicePrefix, findSliceMisfit } from "../addressing/slices.ts";
import type { FilePosition, Problem } from "../util/problem.ts";
import type { Network } from "./cluster.ts";
import { deriveVni } from "./derive-vni.ts";
import type { LockedHost, LockedNetwork } from "./lock.ts";

export interface PinNetworkInput {
  network: Network;
  before: LockedNetwork | undefined;
  uuid: string;
  hosts: Readonly<Record<string, LockedHost>>;
  removedHosts: Readonly<Record<string, LockedHost>>;
  /** Who holds which VNI; a derived one is entered. */
  vnis: Map<number, string>;
  underlayMtuBytes: number;
  underlayFamily: 4 | 6;
  locate?: (path: readonly PropertyKey[]) => FilePosition;
}

interface PinnedNetwork {
  locked: LockedNetwork;
  problems: Problem[];
  changes: string[];
}

/** Collects what went wrong and what changes while one network is pinned. */
interface Notes {
  problems: Problem[];
  changes: string[];
  fail(field: readonly string[], about: Pick<Problem, "why" | "try">): void;
}

export function pinNetwork(input: PinNetworkInput): PinnedNetwork {
  const { network, before, locate } = input;
  const problems: Problem[] = [];
  const changes: string[] = [];
  const notes: Notes = {
    problems,
    changes,
    fail(field, { why, try: advice }) {
      const path = ["networks", network.name, ...field];
      problems.push({
        kind: "input",
        doing: "pinning",
        what: path.join("."),
        where: "the lock",
        why,
        try: advice,
        ...(locate === undefined ? {} : { at: locate(path) }),
      });
    },
  };
  if (before === undefined) changes.push(`network ${network.name} joins`);
  else if (before.subnet !== network.subnet)
    changes.push(`network ${network.name} changes its subnet from ${before.subnet} to ${network.subnet}`);
  const vni = pinVni(input, notes);
  const mtuBytes = pinMtu(input, notes);
  const { slicePrefix, slices } = pinSlices(input, notes);
  return { locked: { subnet: network.subnet, vni, mtuBytes, slicePrefix, slices }, problems, changes };
}

function pinVni({ network, before, uuid, vnis }: PinNetworkInput, notes: Notes): number {
  const { vni } = network.dataplane;
  const owner = vni === undefined ? undefined : vnis.get(vni);
  if (owner !== undefined && owner !== network.name) {
    notes.fail(["dataplane", "vni"], { why: `VNI ${vni} is locked for the network ${owner}`, try: "choose another VNI, or leave it out" });
  }
  if (vni !== undefined && before !== undefined && before.vni !== vni)
    notes.changes.push(`network ${network.name} changes its VNI from ${before.vni} to ${vni}`);
  const chosen = vni ?? before?.vni ?? deriveVni(uuid, network.name, vnis);
  if (!vnis.has(chosen)) vnis.set(chosen, network.name);
  return chosen;
}

/** Docker fixes a network's MTU when it is created, so a wider underlay alone changes nothing. */
function pinMtu({ network, before, underlayMtuBytes, underlayFamily }: PinNetworkInput, notes: Notes): number {
  const isPinned = network.mtu.bytes === undefined && before !== undefined;
  const wish = isPinned ? { bytes: before.mtuBytes } : network.mtu;
  const mtu = networkMtu({
    underlayMtus: [underlayMtuBytes],
    encapsulation: network.dataplane.type,
    family: underlayFamily,
    wish,
    subnetFamily: familyOf(network.subnet),
  });
  if (typeof mtu !== "number") {
    const about = {
      why: `the MTU is pinned, but ${mtu.why}`,
      try: "raise the underlay's MTU, or write a smaller mtu (containers must then be reconnected)",
    };
    notes.fail(["mtu"], isPinned ? about : mtu);
    return underlayMtuBytes;
  }
  if (before !== undefined && before.mtuBytes !== mtu)
    notes.changes.push(`network ${network.name} changes its MTU from ${before.mtuBytes} to ${mtu}`);
  return mtu;
}

function pinSlices(input: PinNetworkInput, notes: Notes): Pick<LockedNetwork, "slicePrefix" | "slices"> {
  const { network, before, hosts, removedHosts } = input;
  const kept = Object.entries(before?.slices ?? {}).filter(([host]) => Object.hasOwn(hosts, host) || Object.hasOwn(removedHosts, host));
  checkKept(input, kept, notes);
  const slicePrefix = chooseSlicePrefix(input, notes);
  if (notes.problems.length > 0) return { slicePrefix: slicePrefix ?? 0, slices: Object.fromEntries(kept) };

  const existing = Object.fromEntries(kept);
  const wanting = Object.entries(hosts).map(([name, { index }]) => ({ name, index }));
  const slices = assignSlices({
    subnet: network.subnet,
    slicePrefix: slicePrefix!,
    hosts: wanting,
    pins: network.addressing.pins,
    existing,
  });
  if ("why" in slices) {
    notes.fail(["subnet"], { why: `${slices.why}; none is left for ${slices.what}`, try: slices.try });
    return { slicePrefix: slicePrefix!, slices: existing };
  }
  for (const [host, slice] of slices) {
    if (!Object.hasOwn(existing, host)) notes.changes.push(`host ${host} gets ${slice} of network ${network.name}`);
  }
  // A removed host's slice stays taken as long as its tombstone stands.
  return { slicePrefix: slicePrefix!, slices: { ...existing, ...Object.fromEntries(slices) } };
}

function chooseSlicePrefix({ network, before, hosts, removedHosts }: PinNetworkInput, notes: Notes): number | undefined {
  const { slicePrefix } = network.addressing;
  const hostCount = Object.keys(hosts).length + Object.keys(removedHosts).length;
  const chosen = slicePrefix ?? before?.slicePrefix ?? defaultSlicePrefix(network.subnet, hostCount);
  // Locked slices may have another size; whether new ones fit is then for assignSlices to find out.
  const misfit =
    typeof chosen !== "number"
      ? chosen
      : before === undefined
        ? findSliceMisfit(network.subnet, chosen, hostCount)
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
