import type { FilePosition, Problem } from "../model/problem.ts";
import type { Network } from "../model/cluster.ts";
import type { LockedHost, LockedNetwork } from "../model/lock.ts";
import { getDataplane } from "../dataplanes/index.ts";
import { pinMtu } from "./pin-mtu.ts";
import { createNotes } from "./pin-notes.ts";
import { checkReservedPlaces } from "./pin-reservations.ts";
import { pinSlices } from "./pin-slices.ts";

export interface PinNetworkInput {
  network: Network;
  before: LockedNetwork | undefined;
  /** The network has no members: its addresses are chosen anew, and everything else stays. */
  movesPlaces?: boolean;
  uuid: string;
  hosts: Readonly<Record<string, LockedHost>>;
  removedHosts: Readonly<Record<string, LockedHost>>;
  /** Who holds which VNI or key; a derived one is entered. */
  numbers: Map<number, string>;
  /** Who holds which UDP port; a newly chosen one is entered. */
  ports: Map<number, string>;
  underlayMtuBytes: number | undefined;
  underlayFamily: 4 | 6;
  locate?: (path: readonly PropertyKey[]) => FilePosition;
}

interface PinnedNetwork {
  locked: LockedNetwork;
  problems: Problem[];
  changes: string[];
  unmet: Problem[];
}

export function pinNetwork(input: PinNetworkInput): PinnedNetwork {
  const { network, before } = input;
  const notes = createNotes(network.name, input.locate);
  if (before === undefined) notes.changes.push(`network ${network.name} joins`);
  else if (before.subnet !== network.subnet)
    notes.changes.push(`network ${network.name} changes its subnet from ${before.subnet} to ${network.subnet}`);
  const plane = getDataplane(network.dataplane);
  const dataplane = plane.pin({ ...input, ...notes, numberBefore: before === undefined ? undefined : numberOf(before) });
  const mtuBytes = pinMtu(input, notes);
  const moves = input.movesPlaces === true;
  if (moves) notes.changes.push(`network ${network.name}, which has no members, gets its addresses anew`);
  const slices = pinSlices(moves ? { ...input, before: undefined } : input, notes);
  if (notes.problems.length === 0) checkReservedPlaces(input, slices, notes);
  const locked = { subnet: network.subnet, dataplane, addressing: network.addressing.mode, mtuBytes, ...slices };
  return { locked, problems: notes.problems, changes: notes.changes, unmet: notes.unmet };
}

/** The number by which a network's packets are told from others'; undefined where its plane needs none. */
export function numberOf({ dataplane }: LockedNetwork): number | undefined {
  return getDataplane(dataplane).numberOf?.(dataplane);
}
