import type { Prepared } from "./prepared.ts";
import type { Addressing, Attach, DataplaneSpec, Egress } from "./cluster.ts";
import type { DataplanePin } from "./lock.ts";

/** A network with every number filled in from the lock; the same value serves all hosts. */
export interface ResolvedNetwork<Spec extends DataplaneSpec = DataplaneSpec, Pin extends DataplanePin = DataplanePin> {
  name: string;
  subnet: string;
  dataplane: Spec;
  pin: Pin;
  mtuBytes: number;
  egress: Egress;
  attach: Attach;
  addressing: Addressing["mode"];
  reservations: Readonly<Record<string, string>>;
  /** Our bridge; the same name on every host. */
  bridge: string;
  /** By underlay address as text, so that lists made from it are sorted already. */
  members: readonly ResolvedMember[];
}

/** A host's place in a network. */
export interface ResolvedMember {
  host: string;
  index: number;
  /** Underlay address: the tunnel's end. */
  vtep: string;
  slice: string;
  /** What containers on this host call it by. */
  gateway: string;
  /** With the length of the members' subnet: the network's own, or with per-host addressing the slice's. */
  gatewayCidr: string;
  /** What the other hosts and their containers call this host by: the gateway, or with per-host addressing an address of its own. */
  overlay: string;
  /** Only when it is not the gateway. */
  overlayCidr?: string;
  /** The subnet members of this host live in: the network's own, or with per-host addressing the slice. */
  subnet: string;
  /** MAC of the bridge, so of the gateway. */
  gatewayMac: string;
  vtepMac: string;
  dockerRange: string;
  probeCidr: string;
  probeMac: string;
  /** Public parts of what the host made for itself, or what stands for them. */
  prepared?: Prepared;
}

/** Asked for every host of every network: looked up in an index made once, or 10,000 hosts would cost 10^8 comparisons. */
export function findMember(network: ResolvedNetwork, host: string): ResolvedMember | undefined {
  let byHost = MEMBER_INDEX.get(network);
  if (byHost === undefined) {
    byHost = new Map(network.members.map((member) => [member.host, member]));
    MEMBER_INDEX.set(network, byHost);
  }
  return byHost.get(host);
}

const MEMBER_INDEX = new WeakMap<ResolvedNetwork, ReadonlyMap<string, ResolvedMember>>();
