import type { SnapshotLink } from "../../src/model/snapshot.ts";

/** What the kernel says when it refuses, as iproute2 prints it. */
export class Refused extends Error {}

export interface ModelLink extends Omit<SnapshotLink, "counters"> {
  /** Settings that live and die with the device, by sysctl key. */
  sysctls: Map<string, string>;
  /** A bridge whose MTU was set after its creation no longer takes its ports' (br_mtu_auto_adjust in net/bridge/br_if.c). */
  keepsMtu: boolean;
  /** The other end of a veth pair. */
  peer?: string;
}

export interface FdbEntry {
  device: string;
  mac: string;
  destination?: string;
  master?: string;
  state: string;
  sticky?: true;
}

/** Links, addresses, routes, neighbours and FDB entries of one network namespace, with the side effects the kernel has. */
export interface KernelModel {
  links: Map<string, ModelLink>;
  addresses: { device: string; cidr: string }[];
  routes: { device: string; destination: string; gateway?: string; protocol: string; source?: string }[];
  fdb: FdbEntry[];
  neighbours: { device: string; address: string; mac: string }[];
  sysctls: Map<string, string>;
}

/** A bridge port as the kernel makes it: it floods until told otherwise. */
const NEW_PORT = {
  state: "forwarding",
  flood: true,
  mcastFlood: true,
  bcastFlood: true,
  isolated: false,
  neighSuppress: false,
  learning: true,
};

export function createKernel(underlay: string, mtuBytes = 1500): KernelModel {
  const kernel: KernelModel = {
    links: new Map(),
    addresses: [],
    routes: [],
    fdb: [],
    neighbours: [],
    sysctls: new Map([
      ["net.ipv4.ip_forward", "0"],
      ["net.ipv6.conf.all.forwarding", "0"],
    ]),
  };
  addLink(kernel, { name: "lo", kind: "", mac: "00:00:00:00:00:00", mtuBytes: 65536, up: true });
  addLink(kernel, { name: "eth0", kind: "", mac: "52:54:00:00:00:01", mtuBytes, up: true });
  kernel.addresses.push({ device: "lo", cidr: "127.0.0.1/8" }, { device: "eth0", cidr: `${underlay}/${underlay.includes(":") ? 64 : 24}` });
  return kernel;
}

export function getLink(kernel: KernelModel, name: string): ModelLink {
  const link = kernel.links.get(name);
  if (link === undefined) throw new Refused(`Cannot find device "${name}"`);
  return link;
}

export function addLink(kernel: KernelModel, link: Partial<ModelLink> & Pick<ModelLink, "name" | "kind">): ModelLink {
  if (kernel.links.has(link.name)) throw new Refused("RTNETLINK answers: File exists");
  if (link.vxlan !== undefined) {
    const { vni, port } = link.vxlan;
    const twin = [...kernel.links.values()].some((other) => other.vxlan?.vni === vni && other.vxlan.port === port);
    if (twin) throw new Refused("Error: A VXLAN device with the specified VNI already exists.");
  }
  const index = Math.max(0, ...[...kernel.links.values()].map((other) => other.index)) + 1;
  const added: ModelLink = {
    mac: "",
    mtuBytes: 1500,
    up: false,
    alias: "",
    keepsMtu: false,
    ...link,
    index,
    sysctls: new Map([[`net.ipv4.conf.${link.name}.arp_ignore`, "0"]]),
  };
  kernel.links.set(link.name, added);
  return added;
}

/** The device takes everything on it along, and a veth its other end; ports of a bridge are only let go. */
export function deleteLink(kernel: KernelModel, name: string): void {
  const { peer } = getLink(kernel, name);
  for (const port of kernel.links.values()) if (port.master === name) setMaster(kernel, port, undefined);
  kernel.links.delete(name);
  for (const { cidr } of kernel.addresses.filter((entry) => entry.device === name)) deleteAddress(kernel, name, cidr);
  kernel.neighbours = kernel.neighbours.filter((entry) => entry.device !== name);
  kernel.fdb = kernel.fdb.filter((entry) => entry.device !== name && entry.master !== name);
  kernel.routes = kernel.routes.filter((entry) => entry.device !== name);
  if (peer !== undefined && kernel.links.has(peer)) deleteLink(kernel, peer);
}

/** Routes with it as their source go too (fib_sync_down_addr in net/ipv4/fib_semantics.c). */
export function deleteAddress(kernel: KernelModel, device: string, cidr: string): void {
  kernel.addresses = kernel.addresses.filter((entry) => entry.device !== device || entry.cidr !== cidr);
  kernel.routes = kernel.routes.filter(({ source }) => source !== cidr.split("/")[0]);
}

export function setMaster(kernel: KernelModel, link: ModelLink, master: string | undefined): void {
  if (master !== undefined && getLink(kernel, master).kind !== "bridge") throw new Refused("RTNETLINK answers: Operation not supported");
  if (link.master === master) return;
  const former = link.master;
  kernel.fdb = kernel.fdb.filter((entry) => entry.device !== link.name || entry.master === undefined);
  delete link.master;
  delete link.port;
  if (master !== undefined) Object.assign(link, { master, port: { ...NEW_PORT } });
  for (const bridge of [former, master]) adjustMtu(kernel, kernel.links.get(bridge ?? ""));
}

function adjustMtu(kernel: KernelModel, bridge: ModelLink | undefined): void {
  if (bridge === undefined || bridge.keepsMtu) return;
  const mtus = [...kernel.links.values()].filter((link) => link.master === bridge.name).map((link) => link.mtuBytes);
  bridge.mtuBytes = mtus.length === 0 ? 1500 : Math.min(...mtus);
}

/** Permanent neighbours go too (neigh_changeaddr and neigh_ifdown in net/core/neighbour.c; measured on 6.18). */
export function setMac(kernel: KernelModel, link: ModelLink, mac: string): void {
  if (link.mac === mac) return;
  link.mac = mac;
  kernel.neighbours = kernel.neighbours.filter((entry) => entry.device !== link.name);
}

export function setUp(kernel: KernelModel, link: ModelLink, up: boolean): void {
  if (link.up === up) return;
  link.up = up;
  if (up) return;
  kernel.neighbours = kernel.neighbours.filter((entry) => entry.device !== link.name);
  kernel.routes = kernel.routes.filter((entry) => entry.device !== link.name); // fib_sync_down_dev in net/ipv4/fib_semantics.c
}

/** Names of ports of `bridge` that are up, are tunnels, and flood. More than one is a loop across hosts. */
export function floodingTunnels(kernel: KernelModel, bridge: string): string[] {
  return [...kernel.links.values()]
    .filter((link) => (link.kind === "vxlan" || link.kind === "tun" || link.peer !== undefined) && link.master === bridge && link.up)
    .filter((link) => link.port?.flood === true || link.port?.bcastFlood === true || link.port?.mcastFlood === true)
    .map((link) => link.name);
}
