import type { Problem } from "../../model/problem.ts";

/** `verify --json`. Fields are only ever added; `version` changes when one changes its meaning. */
export interface VerifyReport {
  version: 1;
  ok: boolean;
  networks: readonly NetworkReport[];
  isolation: readonly IsolationReport[];
  /** Pairs of running containers; empty unless they were asked for. */
  containers: readonly ContainerNetworkReport[];
  failures: readonly VerifyFailure[];
  /** What could not be measured, and why. Never counts as passed. */
  notTested: readonly string[];
}

export interface NetworkReport {
  name: string;
  /** Pinned, and therefore expected of every pair. */
  mtuBytes: number;
  /** Copies of one broadcast that every other host must see: 1, or 0 where hosts route between their members. */
  expectedCopies: number;
  pairs: readonly PairReport[];
}

export interface PairReport {
  from: string;
  to: string;
  /** False when one of the two could not be asked; the other fields then say nothing. */
  tested: boolean;
  reachable: boolean;
  rttMs: number | null;
  /** Largest packet, up to the pinned MTU, that passes with "don't fragment"; null when not known. */
  mtuBytes: number | null;
  /** Copies of one broadcast of `from` that `to` saw. Null when not measured. */
  copies: number | null;
  /** Copies beyond those expected. */
  duplicates: number | null;
  /** Whether the endpoint on `from` reaches the overlay address of host `to`. */
  gatewayReachable: boolean | null;
}

export interface IsolationReport {
  /** Packets of network `a` ... */
  a: string;
  /** ... arrive in network `b`. Empty `leaks` is right. */
  b: string;
  leaks: readonly Leak[];
}

export interface Leak {
  /** `arp`: an address of `b` was resolved on the segment of `a` (neighbour discovery for IPv6). */
  how: "unicast" | "broadcast" | "arp" | "gateway";
  /** Host of the sender, in network `a`. */
  from: string;
  /** Host of the receiver, in network `b`. */
  to: string;
  address: string;
}

export interface ContainerNetworkReport {
  name: string;
  pairs: readonly ContainerPairReport[];
}

export interface ContainerPairReport {
  from: string;
  to: string;
  fromHost: string;
  toHost: string;
  reachable: boolean;
  rttMs: number | null;
  mtuBytes: number | null;
}

export type Check =
  | "host"
  | "attach"
  | "tunnel"
  | "source"
  | "firewall"
  | "endpoint"
  | "reach"
  | "mtu"
  | "underlay"
  | "fragments"
  | "duplicates"
  | "gateway"
  | "egress"
  | "isolation"
  | "container";

export interface VerifyFailure extends Problem {
  check: Check;
}
