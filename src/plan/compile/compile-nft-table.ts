import { createHash } from "node:crypto";
import { familyOf } from "../../net/prefix.ts";
import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import { traitsOf, tunnelOf } from "../../dataplanes/index.ts";
import { peersOf } from "../../model/peers.ts";
import { wireOf, type Wire } from "../../net/tunnel.ts";
import { CONFINING, nftTableName } from "../../kinds/nft-table.ts";
import type { NftChain, NftRule, NftSet, NftTableResource } from "../../kinds/nft-table.ts";

/** Before connection tracking puts fragments together again (NF_IP_PRI_CONNTRACK_DEFRAG is -400). */
const BEFORE_DEFRAG = -450;
/** Before Docker's filter chains at 0 and firewalld's at +10: a drop of ours is final there. */
const BEFORE_FILTER = -5;
/** NF_IP_PRI_NAT_SRC. */
const SOURCE_NAT = 100;

/**
 * The one table of ours on a host. It only takes away: tunnel packets from strangers, traffic between our networks, the
 * outside where egress is none. And it masquerades what leaves the cluster's prefixes.
 */
export function compileNftTable(networks: readonly ResolvedNetwork[], host: string, clusterUuid: string): NftTableResource {
  const mine = networks.filter((network) => findMember(network, host) !== undefined);
  return {
    kind: "nft-table",
    network: "",
    name: nftTableName(clusterUuid),
    sets: compileSets(mine, host),
    chains: [
      chain("tunnel", "filter", "prerouting", BEFORE_DEFRAG, tunnelRules(mine)),
      chain(
        "members_in",
        "filter",
        "input",
        BEFORE_FILTER,
        mine.flatMap((network) => inputRules(network, mine)),
      ),
      chain(
        "members_forward",
        "filter",
        "forward",
        BEFORE_FILTER,
        mine.flatMap((network) => forwardRules(network, mine)),
      ),
      ...outputChain(mine),
      ...mine.flatMap(confiningChains),
      chain("egress", "nat", "postrouting", SOURCE_NAT, mine.flatMap(egressRules)),
    ],
  };
}

function compileSets(networks: readonly ResolvedNetwork[], host: string): NftSet[] {
  const subnets = networks.map((network) => network.subnet);
  const ofFamily = (list: readonly string[], family: 4 | 6): string[] => list.filter((item) => familyOf(item) === family).sort();
  return [
    { name: "peers4", type: "ipv4_addr", interval: false, elements: listPeers(networks, host, 4) },
    { name: "peers6", type: "ipv6_addr", interval: false, elements: listPeers(networks, host, 6) },
    { name: "cluster4", type: "ipv4_addr", interval: true, elements: ofFamily(subnets, 4) },
    { name: "cluster6", type: "ipv6_addr", interval: true, elements: ofFamily(subnets, 6) },
  ];
}

/** Underlay addresses of all its networks' other hosts, sorted; most often these are the same hosts, and share one list. */
function listPeers(networks: readonly ResolvedNetwork[], host: string, family: 4 | 6): readonly string[] {
  const lists = networks.flatMap((network) => {
    const member = findMember(network, host);
    return member === undefined ? [] : [peersOf(network, member)];
  });
  const [first = [], ...others] = new Set(lists);
  const all = others.length === 0 ? first : [...new Set([...first, ...others.flat()])].sort();
  return all.every((vtep) => familyOf(vtep) === family) ? all : all.filter((vtep) => familyOf(vtep) === family);
}

function tunnelRules(networks: readonly ResolvedNetwork[]): NftRule[] {
  const tunnels = networks.flatMap((network) => tunnelOf(network) ?? []).filter(({ authenticates }) => authenticates !== true);
  const wires = new Set(tunnels.map(wireOf));
  const ports = [...wires].filter((wire) => wire !== "gre").sort((a, b) => a - b);
  const gre: readonly Wire[] = wires.has("gre") ? ["gre"] : [];
  return [
    // counted, not dropped: verify reads it, because a fragment outside means a wrong MTU
    rule("ip saddr @peers4 ip protocol udp ip frag-off & 0x3fff != 0 counter", "frag"),
    ...gre.map(() => rule("ip saddr @peers4 ip protocol gre ip frag-off & 0x3fff != 0 counter", "frag")),
    ...[...ports, ...gre].flatMap(strangerRules),
  ];
}

function strangerRules(wire: Wire): NftRule[] {
  const packets = wire === "gre" ? "meta l4proto gre" : `udp dport ${wire}`;
  return [
    rule(`fib daddr type local ${packets} ip saddr != @peers4 drop`),
    rule(`fib daddr type local ${packets} ip6 saddr != @peers6 drop`),
  ];
}

/** Whether tunnel packets from there end here, whoever wants them. Of an observed table only the rules' ids are known. */
export function dropsTunnel({ chains, sets }: NftTableResource, wire: Wire, source: string): boolean {
  const ids = new Set(chains.flatMap(({ rules }) => rules.map(({ id }) => id)));
  const isPeer = sets.some(({ name, elements }) => name.startsWith("peers") && elements.includes(source));
  return !isPeer && strangerRules(wire).some(({ id }) => ids.has(id));
}

/** A member reaches its own gateway, not the host's addresses in other networks. */
function inputRules(network: ResolvedNetwork, all: readonly ResolvedNetwork[]): NftRule[] {
  const others = all.filter((other) => other !== network);
  return others.map((other) => rule(`iifname "${network.bridge}" ${ip(other)} daddr ${other.subnet} drop`));
}

function forwardRules(network: ResolvedNetwork, all: readonly ResolvedNetwork[]): NftRule[] {
  const others = all.filter((other) => other !== network);
  const from = `iifname "${network.bridge}"`;
  const isolate = [
    ...(others.length === 0 ? [] : [rule(`${from} oifname { ${others.map(({ bridge }) => `"${bridge}"`).join(", ")} } drop`)]),
    // their members on other hosts are behind the underlay
    ...others.filter(isRouted).map((other) => rule(`${from} ${ip(other)} daddr ${other.subnet} drop`)),
  ];
  if (network.egress.mode !== "none") return isolate;
  const members = isRouted(network) ? ` ${ip(network)} daddr != ${network.subnet}` : "";
  // answers to connections from outside (a published port) still leave
  return [...isolate, rule(`${from} oifname != "${network.bridge}"${members} ct state != { established, related } drop`)];
}

/** Packets of its members to those of other hosts go over the underlay as they are. */
const isRouted = ({ dataplane }: ResolvedNetwork): boolean => traitsOf(dataplane).layer === 3;

/**
 * Where hosts have overlay addresses, a packet to another host's members goes out the way it came in, and the kernel would tell its
 * sender of a shorter way that a stateful firewall then kills. The bridge's own send_redirects does not help while
 * conf/all has it (Documentation/networking/ip-sysctl), and that one belongs to the host.
 */
function outputChain(networks: readonly ResolvedNetwork[]): NftChain[] {
  const routed = networks.filter(({ members }) => members.some(({ overlayCidr }) => overlayCidr !== undefined));
  const rules = routed.map((network) =>
    rule(`oifname "${network.bridge}" ${ip(network) === "ip" ? "icmp type redirect" : "icmpv6 type nd-redirect"} drop`),
  );
  return rules.length === 0 ? [] : [chain("members_out", "filter", "output", BEFORE_FILTER, rules)];
}

/**
 * Members' packets that would come in or go out by any device but those of their plane are dropped, whether those devices are there
 * or not. Each network has chains of its own, so that they go at once when it moves to a plane that needs none.
 */
function confiningChains(network: ResolvedNetwork): NftChain[] {
  const { confinedTo } = traitsOf(network.dataplane);
  if (confinedTo === undefined) return [];
  const elsewhere = (side: string): string => [network.bridge, confinedTo, "lo"].map((name) => `${side} != "${name}"`).join(" ");
  const [from, to] = (["saddr", "daddr"] as const).map((end) => `${ip(network)} ${end} ${network.subnet}`);
  return [
    chain(`${CONFINING}in_${network.bridge}`, "filter", "prerouting", BEFORE_DEFRAG, [rule(`${from} ${elsewhere("iifname")} drop`)]),
    chain(`${CONFINING}out_${network.bridge}`, "filter", "postrouting", BEFORE_FILTER, [rule(`${to} ${elsewhere("oifname")} drop`)]),
  ];
}

function egressRules(network: ResolvedNetwork): NftRule[] {
  if (network.egress.mode !== "masquerade") return [];
  const cluster = familyOf(network.subnet) === 4 ? "@cluster4" : "@cluster6";
  return [rule(`${ip(network)} saddr ${network.subnet} ${ip(network)} daddr != ${cluster} oifname != "${network.bridge}" masquerade`)];
}

const ip = (network: ResolvedNetwork): string => (familyOf(network.subnet) === 4 ? "ip" : "ip6");

function chain(name: string, type: NftChain["type"], hook: NftChain["hook"], priority: number, rules: NftRule[]): NftChain {
  return { name, type, hook, priority, rules };
}

/** The id is the rule's comment in the kernel: 40 bits of its text are enough to see that one was changed. */
function rule(text: string, prefix = "r"): NftRule {
  return { id: `${prefix}-${createHash("sha256").update(text).digest("hex").slice(0, 10)}`, text };
}
