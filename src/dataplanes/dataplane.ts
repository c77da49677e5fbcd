import type { z } from "zod";
import type { Cluster, DataplaneSpec, Network } from "../model/cluster.ts";
import type { DataplanePin, LockedNetwork } from "../model/lock.ts";
import type { ResolvedMember, ResolvedNetwork } from "../model/network.ts";
import type { FilePosition, Problem } from "../model/problem.ts";
import type { Preparation } from "../model/prepared.ts";
import type { Resource } from "../kinds/index.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Step } from "../model/step.ts";
import type { Topology } from "../net/graph/links.ts";
import type { SpanningTree } from "../net/graph/spanning-tree.ts";
import type { Tunnel } from "../net/tunnel.ts";
import type { Facts, HostFacts } from "../model/host-state.ts";

/**
 * How packets of one network travel between hosts. One folder each under src/dataplanes, one line in index.ts. Pure: equal
 * input gives equal output. Generic code asks for traits and never compares a type's name.
 *
 * `Written` is what the file says, `Spec` the same with every default filled in, `Pin` what the lock keeps of it.
 */
export interface Dataplane<
  Written extends DataplaneSpec = DataplaneSpec,
  Spec extends DataplaneSpec = DataplaneSpec,
  Pin extends DataplanePin = DataplanePin,
> {
  type: Spec["type"];
  /** The long form in the file. The short form, `dataplane: TYPE`, is the long one with its type alone. */
  schema: z.ZodType<Written>;
  pinSchema: z.ZodType<Pin>;
  /** Fills in defaults. `hosts` are all host names, in order. */
  resolve(written: Written, hosts: readonly string[]): Spec;
  traits(spec: Spec): Traits;
  /** What is wrong with it in this file, beyond the schema. */
  check?(input: CheckInput<Spec>): Findings;
  /** What must never move by itself, chosen once; `before` is what the lock had, perhaps of another plane. */
  pin(input: PinInput<Spec>): Pin;
  /** The number by which this plane tells networks over the same hosts apart; all planes draw from one set. */
  numberOf?(pin: Pin): number;
  /** The UDP port that the pin keeps for this network alone. */
  portOf?(pin: Pin): number;
  /** What the file leaves open, filled in from the pin. */
  settle?(spec: Spec, pin: Pin): Spec;
  /** A lost pin, from what the hosts have; undefined where this plane is not found. */
  recover(input: RecoverInput): Pin | undefined;
  /** What one host needs for one network, apart from the bridge and its address. */
  compile(input: CompileInput<Spec, Pin>): Resource[];
  /** What would make a step fail on this host, or hurt somebody. Called for every plane, also without a network of it. */
  preflight?(input: PreflightInput<Spec, Pin>): Problem[];
  /** Who takes a network's packets from the wire on this host, in words; a UDP port has one receiver. */
  receiver?(spec: Spec, facts: Pick<HostFacts, "isUnderlayInUserspace">): string;
  /** The tree that its bridges come to while all is well. */
  expectedTree?(network: ResolvedNetwork<Spec, Pin>): SpanningTree | undefined;
  /** After steps whose links take time to decide whether they forward: names those that have not yet. Undefined: nothing to wait for. */
  settling?(steps: readonly Step[]): ((snapshot: Snapshot) => string[]) | undefined;
  /** Why a host's way cannot be told from this snapshot. */
  unseenBecause?(snapshot: Snapshot): string | undefined;
  /** A host's way to the others as it stands; undefined where it does not. */
  status(input: StatusInput): WayStatus | undefined;
}

/** What generic code may know of a data plane. */
export interface Traits {
  /** For people: "vxlan", "ovs gre, ring, rstp". */
  label: string;
  /** 2: members of all hosts share one broadcast domain. 3: hosts route between subnets of their own. */
  layer: 2 | 3;
  /** What the underlay sees around members' packets; undefined: it sees those themselves. */
  tunnel: Tunnel | undefined;
  /** How the user writes the number that tells networks apart; absent where there is none. */
  key?: FixedKey;
  /** Which hosts are joined directly. */
  topology: Topology;
  /** How addresses may be given out; the first is the default. */
  addressing: readonly Network["addressing"]["mode"][];
  /** Families of a network's subnet. */
  families: readonly (4 | 6)[];
  /** Hosts that others cannot call: they call the others. */
  behindNat?: readonly string[];
  /** What every host makes for itself first; its public part is with the member (ResolvedMember.prepared). */
  prepares?: readonly Preparation[];
  /**
   * Members' packets enter and leave a host by devices of this name alone, as nft matches it ("spwg*"): whatever would carry them
   * another way is dropped, also while there is no such device.
   */
  confinedTo?: string;
}

export interface FixedKey {
  field: string;
  /** In messages. */
  noun: string;
  /** Written by the user. */
  number?: number;
}

export interface Findings {
  problems: Problem[];
  warnings: Problem[];
}

export interface CheckInput<Spec extends DataplaneSpec> {
  cluster: Cluster;
  network: Network & { dataplane: Spec };
  /** Every host name of the file, also of hosts that are not whole, in order. */
  hosts: readonly string[];
  /** The long form as it is written; empty for the short form. */
  written: Readonly<Record<string, unknown>>;
  /** A problem at a field below `dataplane`. */
  fail(field: readonly PropertyKey[], about: Pick<Problem, "why" | "try"> & Partial<Problem>): Problem;
  /** From the top of the file. */
  locate(path: readonly PropertyKey[]): FilePosition;
}

export interface PinInput<Spec extends DataplaneSpec> {
  network: Network & { dataplane: Spec };
  before: LockedNetwork | undefined;
  /** The number that the network has now, whatever its plane. */
  numberBefore: number | undefined;
  uuid: string;
  /** Who holds which number; a new one is entered. */
  numbers: Map<number, string>;
  /** Which network holds or wants which UDP port; a new one is entered. */
  ports: Map<number, string>;
  changes: string[];
  /** `field` is below the network. */
  fail(field: readonly string[], about: Pick<Problem, "why" | "try">): void;
}

export interface RecoverInput {
  network: Network;
  uuid: string;
  /** Underlay addresses to host names. */
  hostOf: ReadonlyMap<string, string>;
  /** Hosts that were found, in the order of their numbers. */
  hosts: readonly string[];
  snapshots: ReadonlyMap<string, Snapshot>;
}

export interface CompileInput<Spec extends DataplaneSpec, Pin extends DataplanePin> {
  network: ResolvedNetwork<Spec, Pin>;
  member: ResolvedMember;
  mark: string;
  /** Of every host that answered. */
  facts: Facts;
}

export interface PreflightInput<Spec extends DataplaneSpec = DataplaneSpec, Pin extends DataplanePin = DataplanePin> {
  host: { name: string };
  clusterUuid: string;
  /** Those of this plane that the host is a member of. */
  networks: readonly ResolvedNetwork<Spec, Pin>[];
  facts: HostFacts;
  snapshot: Snapshot;
  steps: readonly Step[];
}

export interface StatusInput {
  network: ResolvedNetwork;
  host: string;
  /** Ours, as observed. */
  resources: readonly Resource[];
  snapshot: Snapshot;
}

/** A host's way to the others in one network. */
export interface WayStatus {
  /** Whose counters count what passes; undefined where no device is this network's alone. */
  device: string | undefined;
  isUp: boolean;
  /** Hosts that get a copy of a broadcast directly, or to whose subnets there is a route. */
  peers: number;
  /** Where each link has a device or port of its own. */
  tunnels: readonly TunnelStatus[];
}

export interface TunnelStatus {
  to: string;
  state: "forwarding" | "blocked" | "deciding" | "down" | "failed";
  /** Blocked while all is well: the spanning tree keeps it in reserve. */
  expected: "forwarding" | "blocked";
}
