import { callDocker, dockerSocketPath } from "./docker-api.ts";
import { readJson } from "./read-json.ts";
import { describeRun, run } from "../../util/run.ts";
import { createLimit } from "../../util/create-limit.ts";
import { findContainerPid } from "./read-docker.ts";

/** Who holds which address here, as Docker says and as the kernels say; they need not agree. */
export interface HostHolders {
  /** Why Docker could not be asked; "" when it was. */
  dockerProblem: string;
  containers: readonly HeldContainer[];
  /** The host's own devices. */
  devices: readonly HeldDevice[];
  /** Addresses whose MAC the host or a container has learned (ip-neighbour(8)): somebody had them, whoever that is. */
  neighbours: readonly string[];
}

export interface HeldContainer {
  name: string;
  running: boolean;
  /** As Docker has it; of a stopped container only what it was given by hand (`--ip`), for that it will want again. */
  endpoints: readonly { network: string; address: string; mac: string }[];
  /** In its own network namespace; none when it is not running or shares another's. */
  devices: readonly HeldDevice[];
}

export interface HeldDevice {
  device: string;
  mac: string;
  addresses: readonly string[];
}

/** A member's MAC, and the port of the bridge behind which it was heard last. */
export interface HeardMac {
  bridge: string;
  port: string;
  mac: string;
  /** The port is one of ours, so it leads to another host. */
  isOurs: boolean;
}

interface ApiContainer {
  Id: string;
  Names: string[];
  State: string;
  HostConfig?: { NetworkMode?: string };
  NetworkSettings: { Networks: Record<string, ApiEndpoint> };
}

interface ApiEndpoint {
  IPAddress: string;
  GlobalIPv6Address: string;
  MacAddress: string;
  IPAMConfig: { IPv4Address?: string; IPv6Address?: string } | null;
}

/** A process each. */
const CONTAINERS_AT_ONCE = 8;

export async function readHolders(): Promise<HostHolders> {
  const devices = await readDevices(READ_ADDRESSES);
  const own = await readNeighbours(READ_NEIGHBOURS);
  try {
    const containers = await callDocker<ApiContainer[]>("GET", "/containers/json?all=true");
    const limit = createLimit(CONTAINERS_AT_ONCE);
    const read = await Promise.all(containers.map((container) => limit(() => toHolder(container))));
    const neighbours = new Set([own, ...read.map((container) => container.neighbours)].flat());
    return { dockerProblem: "", devices, containers: read.map(({ holder }) => holder), neighbours: [...neighbours] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      dockerProblem: `no Docker daemon answers at ${dockerSocketPath()} (${why.split("\n")[0]})`,
      devices,
      containers: [],
      neighbours: own,
    };
  }
}

async function toHolder(container: ApiContainer): Promise<{ holder: HeldContainer; neighbours: readonly string[] }> {
  const running = container.State === "running" || container.State === "paused";
  // "host" and "container:ID": its devices are somebody else's
  const isOwn = !/^(host$|container:)/.test(container.HostConfig?.NetworkMode ?? "");
  const { devices, neighbours } = running && isOwn ? await readContainer(container.Id) : { devices: [], neighbours: [] };
  const holder: HeldContainer = {
    name: (container.Names[0] ?? container.Id).replace(/^\//, ""),
    running,
    endpoints: Object.entries(container.NetworkSettings.Networks).flatMap(([network, endpoint]) =>
      [endpoint.IPAddress || endpoint.IPAMConfig?.IPv4Address, endpoint.GlobalIPv6Address || endpoint.IPAMConfig?.IPv6Address].flatMap(
        (address) => (address ? [{ network, address, mac: endpoint.MacAddress }] : []),
      ),
    ),
    devices,
  };
  return { holder, neighbours };
}

async function readContainer(id: string): Promise<{ devices: HeldDevice[]; neighbours: string[] }> {
  const pid = await findContainerPid(id);
  const nothing = { devices: [], neighbours: [] };
  if (pid === 0) return nothing;
  const inside = ["nsenter", `--net=/proc/${pid}/ns/net`, "--"] as const;
  try {
    return {
      devices: await readDevices([...inside, ...READ_ADDRESSES]),
      neighbours: await readNeighbours([...inside, ...READ_NEIGHBOURS]),
    };
  } catch (error) {
    if ((await findContainerPid(id)) === 0) return nothing; // ended meanwhile
    throw error;
  }
}

const READ_ADDRESSES = ["ip", "-j", "addr", "show"] as const;
const READ_NEIGHBOURS = ["ip", "-j", "neigh", "show"] as const;

async function readDevices(argv: readonly [string, ...string[]]): Promise<HeldDevice[]> {
  const links = await readJson<{ ifname: string; address?: string; addr_info: { local?: string }[] }[]>(argv);
  return links.map(({ ifname, address, addr_info: infos }) => ({
    device: ifname,
    mac: address ?? "",
    addresses: infos.flatMap(({ local }) => (local === undefined ? [] : [local])),
  }));
}

/** Without those nobody has answered for: they have no MAC. */
async function readNeighbours(argv: readonly [string, ...string[]]): Promise<string[]> {
  const entries = await readJson<{ dst: string; lladdr?: string }[]>(argv);
  return entries.flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [dst]));
}

/** What the bridges have learned from traffic (bridge(8), fdb). */
export async function readHeardMacs(bridges: readonly string[]): Promise<HeardMac[]> {
  const wanted = new Set(bridges);
  const links = await readJson<{ ifname: string; ifalias?: string }[]>(["ip", "-j", "link", "show"]);
  const ours = new Set(links.filter((link) => link.ifalias?.startsWith("spanwire") === true).map((link) => link.ifname));
  const result = await run(["bridge", "-j", "fdb", "show", "dynamic"]);
  if (result.exitCode !== 0) throw new Error(describeRun(result));
  const entries = JSON.parse(result.stdout || "[]") as { mac: string; ifname: string; master?: string }[];
  return entries.flatMap(({ mac, ifname, master }) =>
    master !== undefined && wanted.has(master) ? [{ bridge: master, port: ifname, mac, isOurs: ours.has(ifname) }] : [],
  );
}
