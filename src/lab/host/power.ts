import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { SpanwireError } from "../../model/problem.ts";
import { describeRun, run } from "../../util/run.ts";
import { SELF_ARGV } from "../../util/self-argv.ts";
import { removeCgroups, thawCgroups } from "./cgroups.ts";
import { startHostDaemon } from "./daemons.ts";
import { hostEnvironment } from "./host-environment.ts";
import { dataPort, managementPort, namespacePath } from "../lab-names.ts";
import { rewireHost, setSwitchSysctls } from "../lab-network.ts";
import type { LabHost, LabState } from "../lab-state.ts";
import { ipBatch, runTool } from "../tools.ts";
import { removeDeadSockets } from "./wireguard-sockets.ts";
import { killNamespaceProcesses } from "./processes.ts";

export interface RebootOptions {
  /** Without: the host starts as a machine on which our boot unit is missing. */
  restore: boolean;
}

/** A power cut and a start. */
export async function rebootHost(lab: LabState, host: LabHost, options: RebootOptions): Promise<void> {
  await powerOff(lab, host);
  await powerOn(lab, host, options);
}

/** Everything in the host's namespace dies at once, and its cables lead nowhere. What is on disk stays. */
export async function powerOff(lab: LabState, host: LabHost): Promise<void> {
  const cables = [dataPort(host.index), managementPort(host.index)].map((port) => `link set ${port} down`);
  await ipBatch(lab.runId, lab.switchNamespace, cables, `cutting the power of ${host.name}`);
  thawCgroups([host.namespace]);
  await killNamespaceProcesses(lab.runId, host.namespace);
  await removeDeadSockets();
  await removeCgroups([host.namespace]);
}

/** Hosts whose cables lead nowhere. */
export async function findUnpowered(lab: LabState): Promise<LabHost[]> {
  const text = await runTool(["ip", "-n", lab.switchNamespace, "-json", "link", "show"], { runId: lab.runId, doing: "reading the links" });
  const links = JSON.parse(text) as { ifname: string; flags: string[] }[];
  const down = new Set(links.flatMap(({ ifname, flags }) => (flags.includes("UP") ? [] : [ifname])));
  return lab.hosts.filter((host) => down.has(managementPort(host.index)));
}

/**
 * The namespace is made anew with nothing but its two cards, and what a boot would start is started in a boot's order:
 * Open vSwitch, our restore, dockerd, our restore again. Docker's data and the host program's state are as they were.
 */
export async function powerOn(lab: LabState, host: LabHost, { restore }: RebootOptions): Promise<void> {
  await rewireHost(lab, host);
  if (lab.ovs !== "none") for (const daemon of ["ovsdb-server", "ovs-vswitchd"] as const) await startHostDaemon(lab, host, daemon);
  if (restore) await beforeDocker(lab, host, () => runRestore(lab, host, ["--early"]));
  if (lab.docker !== "none") await startHostDaemon(lab, host, "dockerd");
  await setSwitchSysctls(lab);
  if (restore) await runRestore(lab, host, []);
}

/** Systemd listens in Docker's place long before it starts it (docker.socket), so whoever asks then waits for ever. */
async function beforeDocker(lab: LabState, host: LabHost, act: () => Promise<void>): Promise<void> {
  if (lab.docker === "none") return act();
  await rm(host.dockerSocket, { force: true });
  const server = createServer().listen(host.dockerSocket);
  await once(server, "listening");
  try {
    await act();
  } finally {
    server.close();
  }
}

/** What the boot unit runs on a real server. */
async function runRestore(lab: LabState, host: LabHost, options: readonly string[]): Promise<void> {
  const enter = ["nsenter", `--net=${namespacePath(host.namespace)}`, "--"] as const;
  const result = await run([...enter, ...SELF_ARGV, "host", "restore", ...options], {
    env: hostEnvironment(lab, host),
    timeoutMs: 120_000,
  });
  if (result.exitCode === 0) return;
  throw new SpanwireError({
    kind: "command",
    doing: "restoring",
    what: "what was confirmed",
    where: host.name,
    why: describeRun(result),
    try: `look with \`spanwire lab exec ${host.name} -- ip link\``,
  });
}
