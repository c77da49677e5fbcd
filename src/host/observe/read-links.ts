import { compareText } from "../../util/compare-text.ts";
import type { SnapshotAddress, SnapshotFdbEntry, SnapshotLink, SnapshotNeighbour, SnapshotRoute } from "../../model/snapshot.ts";
import { readJson } from "./read-json.ts";

interface IpLink {
  ifname: string;
  ifindex: number;
  flags: string[];
  mtu: number;
  address?: string;
  ifalias?: string;
  master?: string;
  linkinfo?: {
    info_kind?: string;
    info_data?: Record<string, unknown>;
    info_slave_kind?: string;
    info_slave_data?: Record<string, unknown>;
  };
  stats64?: { rx: Counters; tx: Counters };
}

interface Counters {
  bytes: number;
  packets: number;
  dropped: number;
}

export async function readLinks(): Promise<SnapshotLink[]> {
  const links = await readJson<IpLink[]>(["ip", "-j", "-d", "-s", "link", "show"]);
  return links.map(toLink).sort((a, b) => compareText(a.name, b.name));
}

function toLink(link: IpLink): SnapshotLink {
  const kind = link.linkinfo?.info_kind ?? "";
  const data = link.linkinfo?.info_data ?? {};
  const port = link.linkinfo?.info_slave_kind === "bridge" ? link.linkinfo.info_slave_data : undefined;
  const { rx, tx } = link.stats64 ?? {};
  return {
    name: link.ifname,
    index: link.ifindex,
    kind,
    mac: link.address ?? "",
    mtuBytes: link.mtu,
    up: link.flags.includes("UP"),
    alias: link.ifalias ?? "",
    ...(link.master === undefined ? {} : { master: link.master }),
    ...(kind === "vxlan" ? { vxlan: toVxlan(data) } : {}),
    ...(TUNNEL_KINDS.has(kind) ? { tunnel: toTunnel(data) } : {}),
    ...(kind === "bridge"
      ? {
          bridge: {
            stp: data["stp_state"] === 1,
            mcastSnooping: data["mcast_snooping"] === 1,
            vlanFiltering: data["vlan_filtering"] === 1,
          },
        }
      : {}),
    ...(port === undefined ? {} : { port: toPort(port) }),
    counters: {
      rxPackets: rx?.packets ?? 0,
      txPackets: tx?.packets ?? 0,
      rxBytes: rx?.bytes ?? 0,
      txBytes: tx?.bytes ?? 0,
      dropped: (rx?.dropped ?? 0) + (tx?.dropped ?? 0),
    },
  };
}

function toVxlan(data: Record<string, unknown>): NonNullable<SnapshotLink["vxlan"]> {
  return {
    vni: Number(data["id"] ?? 0),
    port: Number(data["port"] ?? 0),
    local: String(data["local"] ?? data["local6"] ?? ""),
    learning: data["learning"] === true,
    df: String(data["df"] ?? "unset"),
    ttl: Number(data["ttl"] ?? 0),
    remote: String(data["remote"] ?? data["remote6"] ?? data["group"] ?? data["group6"] ?? ""),
  };
}

/** ip-link(8), "type"; erspan is GRE too. */
const TUNNEL_KINDS: ReadonlySet<string> = new Set(["gre", "gretap", "erspan", "ip6gre", "ip6gretap", "ip6erspan", "geneve"]);

/** ip(8) writes "any" for GRE from anywhere, and leaves the end of a Geneve link or an external one out. */
function toTunnel(data: Record<string, unknown>): NonNullable<SnapshotLink["tunnel"]> {
  const remote = String(data["remote"] ?? data["remote6"] ?? "any");
  return { remote: remote === "any" ? "" : remote, ...(data["port"] === undefined ? {} : { port: Number(data["port"]) }) };
}

function toPort(data: Record<string, unknown>): NonNullable<SnapshotLink["port"]> {
  return {
    state: String(data["state"] ?? ""),
    flood: data["flood"] === true,
    mcastFlood: data["mcast_flood"] === true,
    bcastFlood: data["bcast_flood"] === true,
    isolated: data["isolated"] === true,
    neighSuppress: data["neigh_suppress"] === true,
    learning: data["learning"] === true,
  };
}

export async function readAddresses(): Promise<SnapshotAddress[]> {
  const links = await readJson<{ ifname: string; addr_info: { local?: string; prefixlen: number }[] }[]>(["ip", "-j", "addr", "show"]);
  return links
    .flatMap((link) => link.addr_info.map((info) => ({ device: link.ifname, cidr: `${info.local}/${info.prefixlen}` })))
    .sort((a, b) => compareText(`${a.device} ${a.cidr}`, `${b.device} ${b.cidr}`));
}

interface IpRoute {
  dst: string;
  dev?: string;
  gateway?: string;
  prefsrc?: string;
  protocol?: string;
}

export async function readRoutes(): Promise<SnapshotRoute[]> {
  const [v4, v6] = await Promise.all((["-4", "-6"] as const).map((family) => readJson<IpRoute[]>(["ip", "-j", family, "route", "show"])));
  return [...(v4 ?? []), ...(v6 ?? [])]
    .map((route) => ({
      destination: toPrefix(route.dst),
      device: route.dev ?? "",
      ...(route.gateway === undefined ? {} : { gateway: route.gateway }),
      ...(route.prefsrc === undefined ? {} : { source: route.prefsrc }),
      protocol: route.protocol ?? "",
    }))
    .sort((a, b) => compareText(`${a.destination} ${a.device}`, `${b.destination} ${b.device}`));
}

/** ip(8) leaves the length of a host route out. */
function toPrefix(destination: string): string {
  if (destination === "default" || destination.includes("/")) return destination;
  return `${destination}/${destination.includes(":") ? 128 : 32}`;
}

/** Learned entries are left out: they come and go with traffic. */
export async function readFdb(): Promise<SnapshotFdbEntry[]> {
  const entries = await readJson<{ mac: string; ifname: string; dst?: string; master?: string; state?: string; flags?: string[] }[]>([
    "bridge",
    "-j",
    "fdb",
    "show",
  ]);
  return entries
    .filter((entry) => entry.state === "permanent" || entry.state === "static")
    .map((entry) => ({
      device: entry.ifname,
      mac: entry.mac,
      ...(entry.dst === undefined ? {} : { destination: entry.dst }),
      ...(entry.master === undefined ? {} : { master: entry.master }),
      state: entry.state ?? "",
      ...(entry.flags?.includes("sticky") === true ? { sticky: true as const } : {}),
    }))
    .sort((a, b) => compareText(`${a.device} ${a.mac} ${a.destination}`, `${b.device} ${b.mac} ${b.destination}`));
}

export async function readNeighbours(): Promise<SnapshotNeighbour[]> {
  const entries = await readJson<{ dst: string; dev: string; lladdr?: string }[]>(["ip", "-j", "neigh", "show", "nud", "permanent"]);
  return entries
    .map((entry) => ({ device: entry.dev, address: entry.dst, mac: entry.lladdr ?? "", permanent: true }))
    .sort((a, b) => compareText(`${a.device} ${a.address}`, `${b.device} ${b.address}`));
}
