import { callDocker, dockerSocketPath } from "./docker-api.ts";
import { readJson } from "./read-json.ts";
import { describeRun, run } from "../util/run.ts";
import { createLimit } from "../util/create-limit.ts";
import { findContainerPid } from "./read-docker.ts";

/** Who holds which address here, as Docker says and as the kernels say; they need not agree. */
export interface HostHolders {
  /** Why Docker could not be asked; "" when it was. */
  dockerProblem: string;
  containers: readonly HeldContainer[];
  /** The host's own devices. */
  devices: readonly HeldDevice[];
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
  try {
    const containers = await callDocker<ApiContainer[]>("GET", "/containers/json?all=true");
    const limit = createLimit(CONTAINERS_AT_ONCE);
    return { dockerProblem: "", devices, containers: await Promise.all(containers.map((container) => limit(() => toHolder(container)))) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { dockerProblem: `no Docker daemon answers at ${dockerSocketPath()} (${why.split("\n")[0]})`, devices, containers: [] };
  }
}

async function toHolder(container: ApiContainer): Promise<HeldContainer> {
  const running = container.State === "running" || container.State === "paused";
  // "host" and "container:ID": its devices are somebody else's
  const isOwn = !/^(host$|container:)/.test(container.HostConfig?.NetworkMode ?? "");
  return {
    name: (container.Names[0] ?? container.Id).replace(/^\//, ""),
    running,
    endpoints: Object.entries(container.NetworkSettings.Networks).flatMap(([network, endpoint]) =>
      [endpoint.IPAddress || endpoint.IPAMConfig?.IPv4Address, endpoint.GlobalIPv6Address || endpoint.IPAMConfig?.IPv6Address].flatMap(
        (address) => (address ? [{ network, address, mac: endpoint.MacAddress }] : []),
      ),
    ),
    devices: running && isOwn ? await readContainerDevices(container.Id) : [],
  };
}

async function readContainerDevices(id: string): Promise<HeldDevice[]> {
  const pid = await findContainerPid(id);
  if (pid === 0) return [];
  try {
    return await readDevices(["nsenter", `--net=/proc/${pid}/ns/net`, "--", ...READ_ADDRESSES]);
  } catch (error) {
    if ((await findContainerPid(id)) === 0) return []; // ended meanwhile
    throw error;
  }
}

const READ_ADDRESSES = ["ip", "-j", "addr", "show"] as const;

async function readDevices(argv: readonly [string, ...string[]]): Promise<HeldDevice[]> {
  const links = await readJson<{ ifname: string; address?: string; addr_info: { local?: string }[] }[]>(argv);
  return links.map(({ ifname, address, addr_info: infos }) => ({
    device: ifname,
    mac: address ?? "",
    addresses: infos.flatMap(({ local }) => (local === undefined ? [] : [local])),
  }));
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
