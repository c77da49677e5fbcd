import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SpanwireError } from "../model/problem.ts";
import { run } from "../util/run.ts";
import {
  dataPort,
  DEFAULT_MTU_BYTES,
  DESK_ADDRESS,
  GATEWAY_ADDRESS,
  managementPort,
  namespacePath,
  NETNS_ROOT,
  OUTSIDE_ADDRESS,
  STATE_ROOT,
} from "./lab-names.ts";
import { type LabHost, type LabState, listLabs } from "./lab-state.ts";
import { createCutTable } from "./lab-faults.ts";
import { ipBatch, runTool } from "./tools.ts";
import { fillSwitchChecksums } from "./underlay-bridge.ts";

/** Says that /run/netns was made for a lab, so the last lab takes it away again. */
const NETNS_MARKER = `${STATE_ROOT}/.made-netns-directory`;
/** One lab must not take /run/netns away while another starts to use it. flock(1) locks a directory and leaves no file. */
const NETNS_LOCK = ["flock", dirname(NETNS_ROOT)] as const;

/** Two switches (management, data) and a cable from each to every host. The machine's own namespace never sees a link. */
export async function createLabNetwork(lab: LabState): Promise<void> {
  await createNamespaces(lab);
  await ipBatch(lab.runId, lab.switchNamespace, switchLines(lab), "wiring the switch");
  await Promise.all(lab.hosts.map((host) => ipBatch(lab.runId, host.namespace, hostLines(lab, host), `configuring ${host.name}`)));
  await Promise.all(lab.hosts.map((host) => setSysctls(lab.runId, host.namespace, ["net.ipv4.ip_forward=0"])));
  await createCutTable(lab);
  if (lab.ovs === "netdev") await fillSwitchChecksums(lab);
}

/** Names of the run that exist already: then somebody else holds them. */
export function findTakenNames(namespaces: readonly string[]): string[] {
  return namespaces.filter((name) => existsSync(namespacePath(name)));
}

async function createNamespaces(lab: LabState): Promise<void> {
  if (!isMountPoint(NETNS_ROOT)) {
    mkdirSync(STATE_ROOT, { recursive: true, mode: 0o700 });
    writeFileSync(NETNS_MARKER, "");
  }
  await runTool([...NETNS_LOCK, "ip", "-batch", "-"], {
    runId: lab.runId,
    doing: "creating the network namespaces",
    stdin: lab.namespaces.map((name) => `netns add ${name}\n`).join(""),
  });
}

/** A host whose processes are gone, as it was before anything ran in it: its namespace and both cables are new. */
export async function rewireHost(lab: LabState, host: LabHost): Promise<void> {
  const macs = await readMacs(lab, host);
  await removeNamespaces(lab.runId, [host.namespace]);
  const doing = `rewiring ${host.name}`;
  // the kernel takes a dead namespace's cables away a moment later
  await runTool([...NETNS_LOCK, "ip", "netns", "add", host.namespace], { runId: lab.runId, doing });
  const old = [dataPort(host.index), managementPort(host.index)].map((port) => `link del dev ${port}\n`);
  await run(["ip", "-n", lab.switchNamespace, "-force", "-batch", "-"], { stdin: old.join("") });
  await ipBatch(lab.runId, lab.switchNamespace, cableLines(lab, host, macs), doing);
  await ipBatch(lab.runId, host.namespace, hostLines(lab, host), doing);
  await setSysctls(lab.runId, host.namespace, ["net.ipv4.ip_forward=0"]);
}

/** A network card keeps its address over a reboot. */
async function readMacs(lab: LabState, host: LabHost): Promise<ReadonlyMap<string, string>> {
  const text = await runTool(["ip", "-n", host.namespace, "-json", "link", "show"], { runId: lab.runId, doing: "reading the links" });
  return new Map((JSON.parse(text) as { ifname: string; address: string }[]).map(({ ifname, address }) => [ifname, address]));
}

function cableLines(lab: LabState, host: LabHost, macs: ReadonlyMap<string, string> = new Map()): string[] {
  const data = dataPort(host.index);
  const management = managementPort(host.index);
  const card = (name: string, mtuBytes: number): string => {
    const mac = macs.get(name);
    return `name ${name} mtu ${mtuBytes} ${mac === undefined ? "" : `address ${mac} `}netns ${host.namespace}`;
  };
  return [
    `link add ${management} mtu ${DEFAULT_MTU_BYTES} type veth peer ${card("mgmt0", DEFAULT_MTU_BYTES)}`,
    `link set ${management} master mgmt up`,
    `link add ${data} mtu ${lab.mtuBytes} type veth peer ${card("eth0", lab.mtuBytes)}`,
    `link set ${data} master data up`,
  ];
}

function switchLines(lab: LabState): string[] {
  const cables = lab.hosts.flatMap((host) => cableLines(lab, host));
  return [
    "link set lo up",
    "link add mgmt type bridge",
    "link set mgmt up",
    "link add data type bridge",
    "link set data up",
    ...cables,
    `address add ${DESK_ADDRESS}/24 dev mgmt`,
    `address add ${GATEWAY_ADDRESS}/24 dev data`,
    `address add ${OUTSIDE_ADDRESS}/32 dev lo`,
  ];
}

/** Where Open vSwitch takes the data NIC, the address comes later, to its bridge (underlay-bridge.ts). */
function hostLines(lab: LabState, host: LabHost): string[] {
  const common = ["link set lo up", `address add ${host.managementAddress}/24 dev mgmt0`, "link set mgmt0 up"];
  if (lab.ovs === "netdev") return [...common, "link set eth0 addrgenmode none up"];
  return [...common, `address add ${host.address}/24 dev eth0`, "link set eth0 up", `route add default via ${GATEWAY_ADDRESS} dev eth0`];
}

/**
 * The switch forwards frames without any firewall. Done after the Docker daemons started, because they may load
 * br_netfilter, which brings these keys (kernel, ip-sysctl.rst) with the value 1.
 */
export async function setSwitchSysctls(lab: LabState): Promise<void> {
  const bridge = ["iptables", "ip6tables", "arptables"].map((name) => `net.bridge.bridge-nf-call-${name}=0`);
  await setSysctls(lab.runId, lab.switchNamespace, ["net.ipv4.ip_forward=1", ...bridge]);
}

/** Explicit, because a new namespace copies the machine's current values (net.core.devconf_inherit_init_net). */
async function setSysctls(runId: string, namespace: string, pairs: readonly string[]): Promise<void> {
  // -e: the bridge keys do not exist while br_netfilter is not loaded, and then there is nothing to switch off.
  await runTool(["nsenter", `--net=${namespacePath(namespace)}`, "sysctl", "-q", "-e", "-w", ...pairs], {
    runId,
    doing: `setting sysctls in ${namespace}`,
  });
}

/** Call when no process is left in them: a namespace lives as long as something is in it. */
export async function removeNamespaces(runId: string, namespaces: readonly string[]): Promise<void> {
  for (const name of findTakenNames(namespaces)) {
    const result = await run(["ip", "netns", "delete", name]);
    if (result.exitCode === 0 || !existsSync(namespacePath(name))) continue;
    throw new SpanwireError({
      kind: "command",
      doing: "deleting the network namespace",
      what: name,
      where: "",
      why: result.stderr.trim(),
      try: `run \`spanwire lab down --run ${runId}\` again`,
    });
  }
}

/** `ip netns add` mounts /run/netns on itself; the last lab puts it back, unless somebody else uses it by now. */
export async function removeNetnsRoot(runId: string): Promise<void> {
  if (!existsSync(NETNS_MARKER) || listLabs().some((other) => other !== runId)) return;
  rmSync(NETNS_MARKER, { force: true });
  if (existsSync(NETNS_ROOT) && readdirSync(NETNS_ROOT).length > 0) return;
  while (isMountPoint(NETNS_ROOT)) {
    if ((await run([...NETNS_LOCK, "umount", "-n", NETNS_ROOT])).exitCode !== 0) return; // somebody has just added one
  }
  await run([...NETNS_LOCK, "rmdir", NETNS_ROOT]); // fails when it is gone or in use: both are right
}

function isMountPoint(path: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[4] === path);
}
