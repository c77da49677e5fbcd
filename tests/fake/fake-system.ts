import { networkOf } from "../../src/net/prefix.ts";
import type { HostSystem } from "../../src/host/execute/host-system.ts";
import { DONE, type BatchResult } from "../../src/tools/tool.ts";
import { runsOf, type Batch } from "../../src/plan/compare/batch-steps.ts";
import { NEEDED_TOOLS, OPTIONAL_TOOLS } from "../../src/plan/host-state.ts";
import { dropsDirect } from "../../src/model/docker-version.ts";
import type { AcceptChain } from "../../src/tools/iptables.ts";
import type { BootServices } from "../../src/tools/own-files.ts";
import type { Snapshot, SnapshotOvsBridge, SnapshotDocker, SnapshotRoute } from "../../src/model/snapshot.ts";
import { addLink, createKernel, Refused, setMaster, type KernelModel } from "./kernel-model.ts";
import { createMemoryState, type MemoryState } from "./memory-state.ts";
import { runFake } from "./fake-tools.ts";
import type { DockerModel } from "./run-docker.ts";
import { createOvs, isMissing, newPort, type OvsModel } from "./run-ovs.ts";
import type { NftTables } from "./run-nft.ts";

/** A host in memory: a small interpreter of exactly our commands over a model of kernel, nft and Docker. */
export interface FakeHost extends HostSystem {
  name: string;
  kernel: KernelModel;
  nft: NftTables;
  docker: DockerModel;
  ovs: OvsModel;
  state: MemoryState;
  udpPorts: number[];
  swarm: boolean;
  dockerVersion: string;
  /** Rules before Docker's own. */
  rules: Record<AcceptChain, { rule: string; comment: string }[]>;
  /** Set on a host with systemd: then it has files of ours. */
  boot: BootServices | undefined;
  files: Map<string, string>;
  /** Every batch that was done, for counting processes and looking for writes. */
  batches: Batch[];
  /** Bridges in which two tunnels flooded at once, at any command: must stay empty. */
  loops: string[];
  snapshot(): Snapshot;
  /** Everything but interface indexes and the journal, as text: equal text is an equal host. */
  dump(): string;
}

export function createFakeHost(name: string, underlay: string, mtuBytes = 1500): FakeHost {
  const host: FakeHost = {
    name,
    kernel: createKernel(underlay, mtuBytes),
    nft: new Map(),
    docker: { networks: [], endpoints: [], stopped: [], made: 0 },
    ovs: createOvs(),
    state: createMemoryState(name),
    udpPorts: [22],
    swarm: false,
    dockerVersion: "27.5.1",
    rules: { "DOCKER-USER": [], PREROUTING: [] },
    boot: undefined,
    files: new Map(),
    batches: [],
    loops: [],
    snapshot: () => takeSnapshot(host),
    dump: () => dumpHost(host),
    observe: async () => {
      const [lastPlan, frozen] = [await host.state.findLastPlan(), await host.state.findFrozen()];
      return { ...host.snapshot(), ...(lastPlan === undefined ? {} : { lastPlan }), ...(frozen === undefined ? {} : { frozen }) };
    },
    execute: async (batch) => execute(host, batch),
  };
  return host;
}

function execute(host: FakeHost, batch: Batch): BatchResult {
  host.batches.push(batch);
  try {
    for (const commands of runsOf(batch.items)) runFake(host, commands);
    return DONE;
  } catch (error) {
    if (error instanceof Refused) return { ok: false, why: error.message, notes: [] };
    throw error;
  }
}

/** A running container of a Docker network: its veth is a port of the bridge. */
export function startContainer(host: FakeHost, network: string, container: string): void {
  const found = host.docker.networks.find((candidate) => candidate.name === network);
  if (found === undefined) throw new Error(`${host.name} has no Docker network ${network}`);
  const device = `veth${String(host.docker.endpoints.length + 1).padStart(7, "0")}`;
  const link = addLink(host.kernel, { name: device, kind: "veth", up: true });
  setMaster(host.kernel, link, found.options["com.docker.network.bridge.name"]);
  host.docker.endpoints.push({ container, containerId: `id-of-${container}`, pid: 100, network, address: "", mac: device, device });
}

/** It keeps its network by its id, and the address that was given by hand. */
export function stopContainer({ docker }: FakeHost, container: string, address = ""): void {
  const endpoint = docker.endpoints.find((candidate) => candidate.container === container)!;
  const { network } = endpoint;
  docker.endpoints = docker.endpoints.filter((candidate) => candidate !== endpoint);
  const networkId = docker.networks.find(({ name }) => name === network)!.id;
  docker.stopped.push({ container, network, networkId, address, aliases: ["db"] });
}

/** As the lab does for Open vSwitch in userspace: the underlay address sits on a bridge of its own. */
export function moveUnderlayToUserspace({ kernel, ovs }: FakeHost): void {
  addLink(kernel, { name: "br-phy", kind: "tun", up: true });
  for (const entry of kernel.addresses) if (entry.device === "eth0") entry.device = "br-phy";
  const empty = { failMode: "", stp: false, rstp: false, otherConfig: {}, mark: "" };
  ovs.bridges.set("br-phy", { name: "br-phy", datapath: "netdev", ...empty });
}

function takeSnapshot(host: FakeHost): Snapshot {
  const { kernel } = host;
  const by =
    <T>(key: (item: T) => string) =>
    (a: T, b: T): number =>
      key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
  const links = [...kernel.links.values()]
    .map(({ sysctls: _, keepsMtu: _keeps, peer: _peer, ...link }) => ({
      ...structuredClone(link),
      counters: { rxPackets: 0, txPackets: 0, rxBytes: 0, txBytes: 0, dropped: 0 },
    }))
    .sort(by((link) => link.name));
  const ours = links.filter((link) => link.name.startsWith("spw")).flatMap((link) => [...kernel.links.get(link.name)!.sysctls]);
  return {
    kernel: "fake",
    links,
    addresses: kernel.addresses.map((entry) => ({ ...entry })).sort(by((entry) => `${entry.device} ${entry.cidr}`)),
    routes: findRoutes(kernel).sort(by((route) => `${route.destination} ${route.device}`)),
    fdb: structuredClone(kernel.fdb).sort(by((entry) => `${entry.device} ${entry.mac} ${entry.destination} ${entry.master}`)),
    neighbours: kernel.neighbours.map((entry) => ({ ...entry, permanent: true })).sort(by((entry) => `${entry.device} ${entry.address}`)),
    nftTables: structuredClone([...host.nft.values()]).sort(by((table) => table.name)),
    sysctls: Object.fromEntries([...kernel.sysctls, ...ours].sort(by(([key]) => key))),
    udpPorts: [...host.udpPorts],
    docker: dockerSnapshot(host),
    ovs: ovsSnapshot(host),
    dockerUser: dockerUserSnapshot(host),
    kernelWireguard: true,
    tools: Object.fromEntries([...Object.keys(NEEDED_TOOLS), ...OPTIONAL_TOOLS].map((tool) => [tool, `/usr/bin/${tool}`])),
    former: { ...host.state.former },
    ...preparedOf(host.state),
    ...(host.boot === undefined ? {} : { boot: host.boot, files: Object.fromEntries(host.files) }),
  };
}

function dockerUserSnapshot({ rules, dockerVersion }: FakeHost): Snapshot["dockerUser"] {
  const { "DOCKER-USER": filter, PREROUTING: raw } = structuredClone(rules);
  return { state: "ready", rules: filter, ...(dropsDirect(dockerVersion) ? { raw } : {}) };
}

function preparedOf({ keys }: MemoryState): Pick<Snapshot, "prepared"> {
  if (keys.size === 0) return {};
  return { prepared: Object.fromEntries([...keys].map(([clusterUuid, own]) => [clusterUuid, { "wireguard-key": own }])) };
}

function ovsSnapshot({ ovs, kernel }: FakeHost): Snapshot["ovs"] {
  if (!ovs.running) return { state: "absent", reason: "Open vSwitch does not answer: database connection failed" };
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  const { bridges, ports } = structuredClone(ovs);
  for (const port of ports.values()) {
    port.status = { ...port.status, ...treeStatus(bridges.get(port.bridge)) };
    if (isMissing(port, kernel)) port.error = `could not open network device ${port.name} (No such device)`;
  }
  // each bridge has a port of its own, which the database lists among the others
  const own = [...bridges.keys()].map((name) => ({ ...newPort(name, name), type: "internal" }));
  const all = [...ports.values(), ...own].sort(byName);
  return { state: "ready", kernelDatapath: true, bridges: [...bridges.values()].sort(byName), ports: all };
}

/** Spanning trees settle at once here, and every port forwards: the fake has no packets that could go round. */
function treeStatus(bridge: SnapshotOvsBridge | undefined): Record<string, string> {
  if (bridge?.rstp === true) return { rstp_port_role: "Designated", rstp_port_state: "Forwarding" };
  return bridge?.stp === true ? { stp_role: "designated", stp_state: "forwarding" } : {};
}

function findRoutes(kernel: KernelModel): SnapshotRoute[] {
  const connected = kernel.addresses
    .filter((entry) => entry.device !== "lo" && kernel.links.get(entry.device)?.up === true)
    .map((entry) => ({ destination: networkOf(entry.cidr), device: entry.device, protocol: "kernel" }));
  const added = kernel.routes.map((route) => ({ ...route }));
  return [{ destination: "default", device: "eth0", protocol: "boot" }, ...connected, ...added];
}

/** As the host program reads it: the veth of a container is looked up only while its bridge lacks a port. */
function dockerSnapshot(host: FakeHost): SnapshotDocker {
  const networks = structuredClone(host.docker.networks).sort((a, b) => (a.name < b.name ? -1 : 1));
  const endpoints = host.docker.endpoints.map(({ device, ...endpoint }) => {
    const isLost = device !== undefined && host.kernel.links.get(device)?.master === undefined;
    return isLost ? { ...endpoint, device } : endpoint;
  });
  return {
    state: "ready",
    version: host.dockerVersion,
    apiVersion: "1.51",
    swarm: host.swarm,
    networks,
    endpoints,
    stopped: host.docker.stopped,
  };
}

function dumpHost(host: FakeHost): string {
  // keys are made before a plan begins, and gone with the last thing that needs them: looked at by name (src/engine/keys.test.ts)
  const { links, prepared: _, docker, ...rest } = host.snapshot();
  const deviceSysctls = [...host.kernel.links.values()].map((link) => [link.name, [...link.sysctls]] as const).sort();
  const state = { former: host.state.former, holder: host.state.holder };
  const networks = docker.state === "ready" ? docker.networks.map((network) => ({ ...network, id: "" })) : []; // another one each time
  const indexless = links.map((link) => ({ ...link, index: 0 }));
  return JSON.stringify({ links: indexless, deviceSysctls, ...rest, docker: { ...docker, networks }, state }, null, 1);
}
