import { deleteLink, setMac, setMaster, setUp, type ModelLink } from "./kernel-model.ts";
import type { FakeHost } from "./fake-system.ts";
import { runOvs } from "./run-ovs.ts";

type Pick = (count: number) => number;

/** What people and other programs do to a host behind our back. Each says whether there was anything to damage. */
export const DAMAGES: Readonly<Record<string, (host: FakeHost, pick: Pick) => boolean>> = {
  "tunnel deleted": (host, pick) => onLink(host, "vxlan", pick, (link) => deleteLink(host.kernel, link.name)),
  "tunnel taken out of its bridge": (host, pick) => onLink(host, "vxlan", pick, (link) => setMaster(host.kernel, link, undefined)),
  "tunnel down": (host, pick) => onLink(host, "vxlan", pick, (link) => setUp(host.kernel, link, false)),
  "tunnel does not flood": (host, pick) =>
    onLink(host, "vxlan", pick, (link) => Object.assign(link.port ?? {}, { flood: false, bcastFlood: false, mcastFlood: false })),
  "tunnel not isolated": (host, pick) => onLink(host, "vxlan", pick, (link) => Object.assign(link.port ?? {}, { isolated: false })),
  "tunnel with another MTU": (host, pick) => onLink(host, "vxlan", pick, (link) => void (link.mtuBytes = 1200)),
  "bridge deleted": (host, pick) => onLink(host, "bridge", pick, (link) => deleteLink(host.kernel, link.name)),
  "bridge down": (host, pick) => onLink(host, "bridge", pick, (link) => setUp(host.kernel, link, false)),
  "bridge with another MAC": (host, pick) => onLink(host, "bridge", pick, (link) => setMac(host.kernel, link, "02:de:ad:00:00:01")),
  "bridge without our mark": (host, pick) => onLink(host, "bridge", pick, (link) => void (link.alias = "")),
  "tunnel without our mark": (host, pick) => onLink(host, "vxlan", pick, (link) => void (link.alias = "")),
  "FDB entry deleted": (host, pick) => removeOne(host.kernel.fdb, pick),
  "flood entry too much": (host, pick) =>
    onLink(host, "vxlan", pick, ({ name }) => {
      const entry = { device: name, mac: "00:00:00:00:00:00", destination: "192.0.2.250", state: "permanent" };
      if (host.kernel.fdb.every((other) => other.device !== name || other.destination !== entry.destination)) host.kernel.fdb.push(entry);
    }),
  "neighbour deleted": (host, pick) => removeOne(host.kernel.neighbours, pick),
  "neighbour with another MAC": (host, pick) => {
    const entry = host.kernel.neighbours[pick(host.kernel.neighbours.length)];
    if (entry !== undefined) entry.mac = "02:de:ad:00:00:02";
    return entry !== undefined;
  },
  "address deleted": (host, pick) => {
    const ours = host.kernel.addresses.filter((entry) => entry.device.startsWith("spw"));
    const gone = ours[pick(ours.length)];
    host.kernel.addresses = host.kernel.addresses.filter((entry) => entry !== gone);
    return gone !== undefined;
  },
  "address too much": (host, pick) =>
    onLink(host, "bridge", pick, ({ name }) => {
      if (host.kernel.addresses.every((entry) => entry.cidr !== "10.250.0.1/24"))
        host.kernel.addresses.push({ device: name, cidr: "10.250.0.1/24" });
    }),
  "arp_ignore changed": (host, pick) =>
    onLink(host, "bridge", pick, ({ name, sysctls }) => void sysctls.set(`net.ipv4.conf.${name}.arp_ignore`, "0")),
  "ip_forward changed": (host) =>
    host.kernel.sysctls.get("net.ipv4.ip_forward") === "1" && host.kernel.sysctls.set("net.ipv4.ip_forward", "0").size > 0,
  "nft table deleted": (host) => host.nft.delete([...host.nft.keys()][0] ?? ""),
  "nft set emptied": (host) => editTable(host, (table) => ({ ...table, sets: table.sets.map((set) => ({ ...set, elements: [] })) })),
  "nft chain deleted": (host) => editTable(host, (table) => ({ ...table, chains: table.chains.slice(1) })),
  "foreign rule in our table": (host) =>
    editTable(host, (table) => ({
      ...table,
      chains: table.chains.map((chain, at) => (at === 0 ? { ...chain, rules: [...chain.rules, { comment: "" }] } : chain)),
    })),
  "foreign chain in our table": (host) =>
    editTable(host, (table) => ({
      ...table,
      chains: [...table.chains, { name: "evil", type: "filter", hook: "input", priority: 0, policy: "drop", rules: [] }],
    })),
  "OVS bridge deleted": (host, pick) => onOvs(host, [...host.ovs.bridges.keys()], pick, (name) => ["--if-exists", "del-br", name]),
  "OVS tunnel deleted": (host, pick) =>
    onOvs(host, portsOf(host, true), pick, (name) => ["--if-exists", "del-port", bridgeOf(host, name), name]),
  "OVS join deleted": (host, pick) =>
    onOvs(host, portsOf(host, false), pick, (name) => ["--if-exists", "del-port", bridgeOf(host, name), name]),
  "OVS tunnel with another key": (host, pick) =>
    onOvs(host, portsOf(host, true), pick, (name) => ["set", "Interface", name, 'options:key="99"']),
  "OVS tunnel not protected": (host, pick) => {
    const names = portsOf(host, true).filter((name) => host.ovs.ports.get(name)?.protected === true);
    return onOvs(host, names, pick, (name) => ["set", "Port", name, "protected=false"]);
  },
  "OVS bridge without a tree": (host, pick) => {
    const names = [...host.ovs.bridges.values()].filter((bridge) => bridge.rstp || bridge.stp).map((bridge) => bridge.name);
    return onOvs(host, names, pick, (name) => ["set", "Bridge", name, "rstp_enable=false", "stp_enable=false"]);
  },
  "OVS join out of its bridge": (host, pick) =>
    onLink(host, "tun", pick, (link) => (link.wireguard === undefined ? setMaster(host.kernel, link, undefined) : undefined)),
  "OVS join with another MTU": (host, pick) =>
    onOvs(host, portsOf(host, false), pick, (name) => ["set", "Interface", name, "mtu_request=1200"]),
  "OVS veth pair deleted": (host, pick) => onPair(host, pick, (link) => deleteLink(host.kernel, link.name)),
  "OVS veth pair with its offload the other way": (host, pick) =>
    onPair(host, pick, (link) => void (link.checksumOffload = !link.checksumOffload)),
  "OVS veth pair down": (host, pick) => onPair(host, pick, (link) => setUp(host.kernel, link, false)),
  "OVS veth pair with another MTU": (host, pick) => onPair(host, pick, (link) => void (link.mtuBytes = 1200)),
  "OVS veth pair out of its bridge": (host, pick) => onPair(host, pick, (link) => setMaster(host.kernel, link, undefined)),
  "OVS veth pair no port": (host, pick) => onOvs(host, pairPorts(host), pick, (name) => ["--if-exists", "del-port", name]),
  "OVS veth pair in the tree": (host, pick) =>
    onOvs(host, pairPorts(host), pick, (name) => ["set", "Port", name, "other_config:rstp-enable=true"]),
  "route deleted": (host, pick) => removeOne(host.kernel.routes, pick),
  "route to another host": (host, pick) => {
    const route = host.kernel.routes[pick(host.kernel.routes.length)];
    if (route?.gateway !== undefined) route.gateway = route.gateway.replace(/\d+$/, "250");
    return route?.gateway !== undefined;
  },
  "WireGuard device deleted": (host, pick) => onWireguard(host, pick, (link) => deleteLink(host.kernel, link.name)),
  "WireGuard device down": (host, pick) => onWireguard(host, pick, (link) => setUp(host.kernel, link, false)),
  "WireGuard device without our mark": (host, pick) => onWireguard(host, pick, (link) => void (link.alias = "")),
  "WireGuard device with another MTU": (host, pick) => onWireguard(host, pick, (link) => void (link.mtuBytes = 1280)),
  "WireGuard device on another port": (host, pick) =>
    onWireguard(host, pick, (link) => void (link.wireguard = { ...link.wireguard!, port: 9 })),
  "WireGuard device with a key of somebody's": (host, pick) =>
    onWireguard(host, pick, (link) => void (link.wireguard = { ...link.wireguard!, publicKey: STRANGER })),
  "WireGuard peer deleted": (host, pick) =>
    onWireguard(host, pick, (link) => void (link.wireguard = { ...link.wireguard!, peers: link.wireguard!.peers.slice(1) })),
  "WireGuard peer that may send anything": (host, pick) =>
    onWireguard(host, pick, (link) => {
      const peers = link.wireguard!.peers.map((peer, at) => (at === 0 ? { ...peer, allowedIps: ["0.0.0.0/0"] } : peer));
      link.wireguard = { ...link.wireguard!, peers };
    }),
  "WireGuard peer of somebody's": (host, pick) =>
    onWireguard(host, pick, (link) => {
      const stranger = { publicKey: STRANGER, endpoint: "", allowedIps: [], keepaliveS: 0, isAlive: true };
      link.wireguard = { ...link.wireguard!, peers: [...link.wireguard!.peers, stranger] };
    }),
  "Docker network deleted": (host, pick) => removeOne(host.docker.networks, pick),
};

/** A public key that no host of ours has. */
const STRANGER = `${"s".repeat(42)}w=`;
const onWireguard = (host: FakeHost, pick: Pick, act: (link: ModelLink) => unknown): boolean => {
  const links = [...host.kernel.links.values()].filter((link) => link.wireguard !== undefined);
  const link = links[pick(links.length)];
  if (link !== undefined) act(link);
  return link !== undefined;
};

const portsOf = (host: FakeHost, tunnels: boolean): string[] =>
  [...host.ovs.ports.values()]
    .filter((port) => port.name !== port.bridge)
    .filter((port) => (tunnels ? port.options["remote_ip"] !== undefined : port.type === "internal"))
    .map((port) => port.name);
const pairPorts = (host: FakeHost): string[] => [...host.ovs.ports.keys()].filter((name) => name.startsWith("spww"));
const onPair = (host: FakeHost, pick: Pick, act: (link: ModelLink) => unknown): boolean => onLink(host, "veth", pick, act);
const bridgeOf = (host: FakeHost, port: string): string => host.ovs.ports.get(port)?.bridge ?? "";

function onOvs(host: FakeHost, names: readonly string[], pick: Pick, command: (name: string) => string[]): boolean {
  const name = names[pick(names.length)];
  if (name !== undefined) runOvs(host.ovs, host.kernel, [command(name)]);
  return name !== undefined;
}

function onLink(host: FakeHost, kind: string, pick: Pick, act: (link: ModelLink) => unknown): boolean {
  const links = [...host.kernel.links.values()].filter(
    (link) => link.kind === kind && link.name.startsWith("spw") && !link.name.startsWith("spwo"),
  );
  const link = links[pick(links.length)];
  if (link !== undefined) act(link);
  return link !== undefined;
}

function removeOne(list: unknown[], pick: Pick): boolean {
  return list.splice(pick(list.length), 1).length > 0;
}

type Table = FakeHost["nft"] extends Map<string, infer T> ? T : never;

/** The text of the listing follows, because a revert writes it back. */
function editTable(host: FakeHost, change: (table: Table) => Table): boolean {
  for (const [name, table] of host.nft) {
    const changed = change(table);
    host.nft.set(name, { ...changed, text: listTable(changed) });
    return true;
  }
  return false;
}

function listTable(table: Table): string {
  const sets = table.sets.flatMap((set) => [
    `\tset ${set.name} {`,
    `\ttype ${set.name.endsWith("6") ? "ipv6_addr" : "ipv4_addr"}`,
    ...(set.elements.length > 0 ? [`\telements = { ${set.elements.join(", ")} }`] : []),
    "\t}",
  ]);
  const chains = table.chains.flatMap((chain) => [
    `\tchain ${chain.name} {`,
    `\ttype ${chain.type} hook ${chain.hook} priority ${chain.priority}; policy ${chain.policy};`,
    ...chain.rules.map(
      (rule) =>
        `\t${rule.packets === undefined ? "" : "ip saddr @peers4 counter "}accept${rule.comment === "" ? "" : ` comment "${rule.comment}"`}`,
    ),
    "\t}",
  ]);
  return `${[`table inet ${table.name} {`, ...sets, ...chains, "}"].join("\n")}\n`;
}
