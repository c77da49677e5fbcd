import type { Problem } from "../../model/problem.ts";

/** Everything `verify` saw, as plain rows and without any judgement. A row that is missing was not measured. */
export interface Measurements {
  /** Hosts that could not be asked, or were lost on the way. */
  hostProblems: { host: string; problems: readonly Problem[] }[];
  /** Endpoints that could not be had, or did not do what they were asked. */
  endpointProblems: { network: string; host: string; problem: Problem }[];
  pairs: PairRow[];
  underlay: UnderlayRow[];
  gateways: { network: string; from: string; to: string; reached: boolean; error: string }[];
  fragments: { host: string; before: number | null; after: number | null }[];
  /** Copies of the broadcast of host `from` in network `a`, seen at host `to` in network `b`. */
  broadcasts: { a: string; from: string; b: string; to: string; copies: number }[];
  /** Tests of isolation, done or not; `leaked` when a packet of `a` arrived in `b`. */
  isolation: IsolationRow[];
  egress: EgressRow[];
  containers: ContainerRow[];
  /** With which source address a packet of the endpoint on `from` arrived at the one on `to`. */
  sources: SourceRow[];
  notTested: string[];
}

export interface PacketRow {
  /** False when the question got no answer from the host: its problem is noted elsewhere. */
  answered: boolean;
  /** Replies to small packets. */
  received: number;
  rttMs: number | null;
  /** What was said instead of a reply. */
  error: string;
  /** A packet of exactly the promised size passed with "don't fragment". */
  fullPassed: boolean;
  fullError: string;
  /** MTU that an ICMP message or an interface named. */
  tooBigMtuBytes: number | null;
  /** Result of the search when the full size did not pass; null when not searched or nothing passed. */
  foundMtuBytes: number | null;
}

export interface PairRow extends PacketRow {
  network: string;
  from: string;
  to: string;
}

export interface UnderlayRow extends PacketRow {
  from: string;
  to: string;
  /** Largest tunnel packet between the two, outer IP header included. */
  sizeBytes: number;
}

export interface IsolationRow {
  a: string;
  from: string;
  b: string;
  to: string;
  how: "unicast" | "arp" | "gateway";
  address: string;
  /** For `arp`: whether the address is the probe's or the host's. */
  of: "probe" | "gateway";
  leaked: boolean;
}

export interface EgressRow {
  network: string;
  host: string;
  /** Null when no outside address is known. */
  address: string | null;
  /** Whether the host itself reaches it: if not, the endpoint's result says nothing. */
  fromHost: boolean;
  fromEndpoint: boolean;
}

export interface SourceRow {
  network: string;
  from: string;
  to: string;
  /** "" when nothing arrived. */
  source: string;
}

export interface ContainerTarget {
  host: string;
  network: string;
  container: string;
  address: string;
  /** Process id of the container's first process, as the host sees it. */
  pid: number;
}

export interface ContainerRow extends PacketRow {
  network: string;
  from: ContainerTarget;
  to: ContainerTarget;
  promisedBytes: number;
}
