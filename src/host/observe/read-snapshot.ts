import { access, constants, readFile, readlink } from "node:fs/promises";
import { release } from "node:os";
import { SpanwireError } from "../../model/problem.ts";
import { describeMissingTools, NEEDED_TOOLS, OPTIONAL_TOOLS } from "../../plan/host-state.ts";
import { ovsUdpPortOf } from "../../kinds/ovs-words.ts";
import type {
  ManagementPath,
  Snapshot,
  SnapshotDocker,
  SnapshotDockerUser,
  SnapshotLink,
  SnapshotOvs,
  SnapshotRoute,
} from "../../model/snapshot.ts";
import { dropsDirect } from "../../model/docker-version.ts";
import { acceptRaKey, sysctlKeys } from "../../kinds/sysctl-keys.ts";
import { CLEAN_ENV } from "../../util/run.ts";
import { findManagementPath, type ManagementEnds } from "../change/management-path.ts";
import { readBootServices } from "./read-boot-services.ts";
import type { ObserveWish } from "../execute/host-system.ts";
import { findLostPorts } from "./find-lost-ports.ts";
import { readChecksumOffload } from "./read-checksum-offload.ts";
import { readDockerUser } from "./read-docker-user.ts";
import { readDocker } from "./read-docker.ts";
import { readAddresses, readFdb, readLinks, readNeighbours, readRoutes } from "./read-links.ts";
import { readNftTables } from "./read-nft.ts";
import { readOvs } from "./read-ovs.ts";
import { hasKernelWireguard, readWireguard } from "./read-wireguard.ts";
import { readPrepared } from "../prepare/prepare-host.ts";
import type { StateDirectory } from "../state/state-directory.ts";

const NOT_ASKED: SnapshotDocker = { state: "absent", reason: "it was not asked: it has not started yet" };

/** Reads the whole host at once: everything that does not depend on something else runs in parallel. */
export async function readSnapshot(state: StateDirectory, ends?: ManagementEnds, wish: ObserveWish = {}): Promise<Snapshot> {
  const [boundBefore, tools] = await Promise.all([readBoundPorts(), findTools()]);
  if (tools["ip"] === undefined || tools["bridge"] === undefined) throw unreadable(tools);
  const asked = wish.withoutDocker === true ? NOT_ASKED : readDocker();
  const [links, addresses, routes, fdb, neighbours, nftTables, docker, ovs, dockerUser, boot, management] = await Promise.all([
    readLinks()
      .then(readChecksumOffload)
      .then(tools["wg"] === undefined ? (found) => found : readWireguard),
    readAddresses(),
    readRoutes(),
    readFdb(),
    readNeighbours(),
    tools["nft"] === undefined ? [] : readNftTables(),
    asked,
    readOvs(),
    readRules(asked, wish),
    readBootServices(),
    ends === undefined ? undefined : findManagementPath(ends),
  ]);
  const ours = links.filter((link) => link.name.startsWith("spw")).map((link) => link.name);
  const [sysctls, boundAfter, found, former, prepared, lastPlan, frozen] = await Promise.all([
    readSysctls([...sysctlKeys(ours), ...advertisedDevices(routes).map(acceptRaKey)]),
    readBoundPorts(),
    findLostPorts(docker, links),
    state.readFormer(),
    readPrepared(state),
    state.findLastPlan(),
    state.findFrozen(),
  ]);
  const udpPorts = findListeners(boundBefore, boundAfter, tunnelPorts(links, ovs));
  return {
    kernel: release(),
    machine: await readMachine(),
    ...(tools["wg"] === undefined ? {} : { kernelWireguard: await hasKernelWireguard() }),
    ...{ links, addresses, routes, fdb, neighbours, nftTables, sysctls, udpPorts, docker: found, ovs, dockerUser, tools, former, ...boot },
    ...(management === undefined ? {} : { management: withMaster(management, links) }),
    ...(prepared === undefined ? {} : { prepared }),
    ...(lastPlan === undefined ? {} : { lastPlan }),
    ...(frozen === undefined ? {} : { frozen }),
  };
}

/** Docker before version 28 has nothing in the raw table; asking for that would load its module on some hosts. */
async function readRules(
  asked: SnapshotDocker | Promise<SnapshotDocker>,
  { withoutDocker = false }: ObserveWish,
): Promise<SnapshotDockerUser> {
  const docker = await asked;
  return readDockerUser({ evenWithoutDocker: withoutDocker, withRaw: docker.state === "ready" && dropsDirect(docker.version) });
}

const unreadable = (tools: Snapshot["tools"]): SpanwireError =>
  new SpanwireError({
    ...{ kind: "unsupported", doing: "reading", what: "the host", where: "" },
    why: `missing: ${describeMissingTools(tools)}`,
    try: "install what is named in brackets on that host",
  });

/** proc_sys_kernel(5), random/boot_id; namespaces(7): each network namespace has an inode of its own. */
async function readMachine(): Promise<string> {
  const [bootId, namespace] = await Promise.all([readFile("/proc/sys/kernel/random/boot_id", "utf8"), readlink("/proc/self/ns/net")]);
  return `${bootId.trim()} ${namespace}`;
}

/** Devices over which a router announced itself as the default way out (RFC 4861, 4.2). */
const advertisedDevices = (routes: readonly SnapshotRoute[]): string[] => [
  ...new Set(routes.flatMap(({ destination, protocol, device }) => (destination === "default" && protocol === "ra" ? [device] : []))),
];

function withMaster(path: ManagementPath, links: readonly SnapshotLink[]): ManagementPath {
  const master = links.find((link) => link.name === path.device)?.master;
  return master === undefined ? path : { ...path, master };
}

export function sysctlPath(key: string): string {
  return `/proc/sys/${key.replaceAll(".", "/")}`;
}

async function readSysctls(keys: readonly string[]): Promise<Record<string, string>> {
  const values = await Promise.all(
    keys.map(async (key) => {
      try {
        return [[key, (await readFile(sysctlPath(key), "utf8")).trim()] as const];
      } catch {
        return []; // this kernel has no such setting (a module that is not loaded)
      }
    }),
  );
  return Object.fromEntries(values.flat());
}

/** Bound UDP ports (proc_net_udp(5)); those of VXLAN devices, whose kernel sockets show up here too, are among them. */
async function readBoundPorts(): Promise<number[]> {
  const tables = await Promise.all(["/proc/net/udp", "/proc/net/udp6"].map((path) => readFile(path, "utf8").catch(() => "")));
  return tables.flatMap((table) =>
    table
      .split("\n")
      .slice(1)
      .flatMap((line) => /^\s*\d+:\s+[0-9A-F]+:([0-9A-F]{4})/.exec(line)?.[1] ?? [])
      .map((port) => Number.parseInt(port, 16)),
  );
}

/** Bound before and after the links were read: a tunnel that comes or goes meanwhile must not look like a stranger. */
function findListeners(before: readonly number[], after: readonly number[], tunnels: ReadonlySet<number>): number[] {
  return [...new Set(before)].filter((port) => after.includes(port) && !tunnels.has(port)).sort((a, b) => a - b);
}

/** Sockets of the kernel's tunnels are in the tables too. */
function tunnelPorts(links: readonly SnapshotLink[], ovs: SnapshotOvs): ReadonlySet<number> {
  const ofOvs = ovs.state === "ready" ? ovs.ports.flatMap((port) => ovsUdpPortOf(port) ?? []) : [];
  return new Set([...links.flatMap((link) => link.vxlan?.port ?? link.wireguard?.port ?? link.tunnel?.port ?? []), ...ofOvs]);
}

async function findTools(): Promise<Record<string, string>> {
  const folders = (CLEAN_ENV["PATH"] ?? "").split(":");
  const found = await Promise.all(
    [...Object.keys(NEEDED_TOOLS), ...OPTIONAL_TOOLS].map(async (tool) => {
      for (const folder of folders) {
        const path = `${folder}/${tool}`;
        if (
          await access(path, constants.X_OK).then(
            () => true,
            () => false,
          )
        )
          return [[tool, path] as const];
      }
      return [];
    }),
  );
  return Object.fromEntries(found.flat());
}
