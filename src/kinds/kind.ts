import type { z } from "zod";
import type { Snapshot } from "../model/snapshot.ts";
import type { Command } from "../tools/index.ts";

/**
 * A kind of thing on a host: one file in this folder, with the schema of its resources first. Pure: nothing here does I/O,
 * and equal input gives equal output. `commands(before, after)` covers create (null, r), change (r, r2), remove (r, null) and,
 * because it is only a function of two states, its own inverse.
 */
export interface ResourceKind<R extends AnyResource> {
  kind: R["kind"];
  /**
   * What may be wished for. A host checks a plan's resources with it before it runs anything: names that are ours, addresses
   * that are addresses, no text that a batch file could read as more than one word.
   */
  schema: z.ZodType<R>;
  /** What else may be found on a host, where that is more than what we make. */
  foundSchema?: z.ZodType<R>;
  /** In a person's words: "VXLAN tunnel". */
  noun: string;
  /** Whose it is, for kinds that belong to something other than their network. */
  owner?(resource: R): string;
  /** Where it leads, of kinds a network has several of. */
  target?(resource: R): string;
  /** Devices it makes, changes or takes, and prefixes it leads to. */
  touches(resource: R): Touched;
  /** The public part of what its host has made for it, without which it is nothing. */
  prepared?(resource: R): string;
  /** Whether its network's tunnel packets come to this host by it: a UDP port must be free before it is added. */
  opensWire?: boolean;
  /** The link or the rows of Open vSwitch that carry its mark. */
  markedName?(resource: R): string;
  /** Identity on one host; two resources with one key cannot both exist there. */
  key(resource: R): string;
  /** Every resource of this kind on the host that carries the cluster's mark. */
  read(snapshot: Snapshot, clusterUuid: string): R[];
  /** Empty when `observed` is as `desired`; fields only the kernel or Docker fills are not compared. */
  compare(desired: R, observed: R): Difference[];
  /** Keys that must exist before this one is added, and outlive it. */
  dependencies(resource: R): string[];
  commands(before: R | null, after: R | null): Command[];
  /** For list-like kinds: holds what either state needs, so that a change can add before it removes. */
  union?(before: R, after: R): R;
  /** True when there is nothing to add: it is there as soon as the device it belongs to is. */
  isEmpty?(resource: R): boolean;
  /** Names the place only one of several side-by-side resources may serve actively. */
  slot?(resource: R): string;
  /** The same resource, present but passive, as it stands beside the one still in its slot. */
  standby?(resource: R): R;
  /** The resource whose removal takes this one along, so that removing both needs one step. */
  diesWith?(resource: R): string;
  /** Where parts of it stay when it dies with that: while this one remains, it is removed on its own. */
  leavesTracesOn?(resource: R): string;
  /** Additions that wait until every host has finished the `add` stage. */
  addsInSwitch?: boolean;
  /** False for what is on the host anyway: put right when desired, never removed. Absent means always ours. */
  isOwned?(resource: R): boolean;
  /** A fact that a plan used also while it is not ours: another value makes a saved plan stale. */
  isFact?: boolean;
  /** True for what comes and goes with a container: no part of what a host is restored to. */
  isTransient?: boolean;
  /** Without what a host remembers beside it: as it is wished for. */
  asDesired?(resource: R): R;
  /** Without what changes by itself while nobody does anything: a saved plan is stale when the rest has changed. */
  asSettled?(resource: R): R;
  /** Also when `compare` finds nothing: going back must still forget what was remembered. */
  remembersMore?(now: R, initial: R): boolean;
  /** Why none of it can be seen on this host now: then nothing about it is said, and nothing is changed. */
  unseenBecause?(snapshot: Snapshot): string | undefined;
  /** What running containers notice of the step. */
  impact(before: R | null, after: R | null): string;
}

export interface AnyResource {
  kind: string;
  /** The network it belongs to; "" for what serves the host as a whole. Never compared. */
  network: string;
}

export interface Touched {
  devices: readonly string[];
  prefixes?: readonly string[];
}

/** One field that is not as desired, and why that matters. */
export interface Difference {
  field: string;
  from: string;
  to: string;
  reason: string;
  /** Whether the kernel (or Docker) can change it in place. */
  needs: "change" | "replace";
}
