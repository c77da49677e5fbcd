/**
 * What the controller may ask of a host's probes. Types only: the probe process imports nothing heavier, and the host
 * program checks every request against params.ts before it believes one of these.
 */
export interface ProbeSpec {
  network: string;
  /** The bridge the endpoint joins. */
  bridge: string;
  /** "10.64.1.2/12" */
  cidr: string;
  mac: string;
  gateway: string;
  mtuBytes: number;
  /** Alias of the host side of the veth pair. */
  mark: string;
}

export interface PingParams {
  targets: readonly string[];
  /** Size of the whole IP packet; absent for ping's own small one. */
  sizeBytes?: number | undefined;
  dontFragment?: boolean | undefined;
  count: number;
  /** How long to wait for an answer that does not come. */
  timeoutMs: number;
}

export interface PingResult {
  target: string;
  /** Replies seen, duplicates not counted. */
  received: number;
  /** The fastest reply: the others waited for address resolution. */
  rttMs: number | null;
  /** MTU named by an ICMP "too big" or by the local interface. */
  tooBigMtuBytes: number | null;
  /** What ICMP or the kernel said instead of a reply, "" when nothing was heard. */
  error: string;
}

export interface PathMtuParams {
  target: string;
  /** A size that did not pass. */
  failedBytes: number;
  /** An MTU that an ICMP message or an interface named: tried first. */
  hintBytes?: number | undefined;
  timeoutMs: number;
}

export interface PathMtuResult {
  target: string;
  /** Largest IP packet that passed with "don't fragment" set; null when not even the smallest did. */
  mtuBytes: number | null;
}

export interface SendParams {
  messages: readonly { token: string; address: string }[];
}

export interface SendResult {
  failed: readonly { token: string; address: string; why: string }[];
}

export interface ReceivedParams {
  /** Tokens that should arrive; waited for until `deadlineMs`. */
  expect: readonly string[];
  /** Waited in any case, so that what must not arrive has had its time. */
  settleMs: number;
  deadlineMs: number;
}

export type ReceivedResult = readonly { token: string; source: string; copies: number }[];

export interface ResolveParams {
  addresses: readonly string[];
  waitMs: number;
}

/** MAC of those that answered, null for those that did not. */
export type ResolveResult = readonly { address: string; mac: string | null }[];

/** All MACs that answered for it, sorted. */
export type ClaimsResult = readonly { address: string; macs: readonly string[] }[];

export interface FragmentsParams {
  table: string;
}

export interface FragmentsResult {
  /** Null when the table or a counting rule is missing: nothing was measured. */
  packets: number | null;
}

export interface DefaultGatewayParams {
  family: "ipv4" | "ipv6";
}

export interface DefaultGatewayResult {
  /** Null when there is none that an endpoint could reach. */
  gateway: string | null;
}

/** Where an operation runs: in a probe's namespace, in a running container's, or on the host itself. */
export type Place = { at: "probe"; network: string } | { at: "container"; pid: number } | { at: "host" };

export interface Operations {
  ping: { params: PingParams; result: readonly PingResult[] };
  pathMtu: { params: PathMtuParams; result: PathMtuResult };
  send: { params: SendParams; result: SendResult };
  received: { params: ReceivedParams; result: ReceivedResult };
  resolve: { params: ResolveParams; result: ResolveResult };
  claims: { params: ResolveParams; result: ClaimsResult };
  fragments: { params: FragmentsParams; result: FragmentsResult };
  defaultGateway: { params: DefaultGatewayParams; result: DefaultGatewayResult };
}

export type OperationName = keyof Operations;
