import { networkLinks } from "../dataplanes/network-links.ts";
import { traitsOf } from "../dataplanes/index.ts";
import { findMember, type ResolvedMember, type ResolvedNetwork } from "../model/network.ts";

/** What a host must let in from others for its networks to work, for firewalls that are not on the hosts. */
export interface HostNeeds {
  name: string;
  /** Underlay address. */
  address: string;
  needs: readonly Need[];
}

export interface Need {
  networks: readonly string[];
  /** "ip": packets of members as they are, to be forwarded. */
  protocol: "udp" | "gre" | "ip";
  /** Only of "udp". */
  port?: number;
  /** Addresses or prefixes, sorted; "any" where a sender's address is not known before. */
  from: readonly string[] | "any";
  /** Only of "ip": the members' prefix. */
  to?: string;
}

/** Of every host of these networks, by name. */
export function findNeeds(networks: readonly ResolvedNetwork[]): HostNeeds[] {
  const addresses = new Map(networks.flatMap(({ members }) => members.map(({ host, vtep }) => [host, vtep] as const)));
  return [...addresses]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, address]) => ({ name, address, needs: join(networks.flatMap((network) => needOf(network, name))) }));
}

function needOf(network: ResolvedNetwork, host: string): Need[] {
  const member = findMember(network, host);
  const peers = member === undefined ? [] : peersOf(network, host);
  if (member === undefined || peers.length === 0) return [];
  const { tunnel, behindNat = [] } = traitsOf(network.dataplane);
  if (behindNat.includes(host)) return []; // it calls the others, and answers come in by themselves
  const networks = [network.name];
  if (tunnel === undefined) return [{ networks, protocol: "ip", from: peers.map(({ slice }) => slice).sort(), to: member.slice }];
  const from = peers.some((peer) => behindNat.includes(peer.host)) ? "any" : peers.map(({ vtep }) => vtep).sort();
  if (tunnel.encapsulation === "gre") return [{ networks, protocol: "gre", from }];
  return [{ networks, protocol: "udp", ...(tunnel.port === undefined ? {} : { port: tunnel.port }), from }];
}

/** Those it has a link to. */
function peersOf(network: ResolvedNetwork, host: string): ResolvedMember[] {
  const links = networkLinks(network, traitsOf(network.dataplane).topology);
  const others = new Set(links.flatMap((link) => (link.includes(host) ? link.filter((end) => end !== host) : [])));
  return network.members.filter((peer) => others.has(peer.host));
}

/** Networks that need the same have one line. */
function join(needs: readonly Need[]): Need[] {
  const groups = Map.groupBy(needs, ({ networks: _, ...need }) => JSON.stringify(need));
  return [...groups.values()].map((group) => ({ ...group[0]!, networks: group.flatMap(({ networks }) => networks) }));
}
