import { setTimeout as delay } from "node:timers/promises";
import { findDockerVersion } from "../../util/docker-request.ts";
import { SpanwireError } from "../../model/problem.ts";
import { startDaemon } from "./docker-daemon.ts";
import { ensureDocker28Root } from "./docker28-root.ts";
import type { LabHost, LabState } from "../lab-state.ts";
import { findOvsVersion, type OvsDaemon, startOvsDaemon } from "./open-vswitch.ts";
import { findHostProcesses, isReaped } from "./processes.ts";
import { ensureUnderlayBridge } from "../underlay-bridge.ts";

export type DaemonName = "dockerd" | OvsDaemon;
export type DaemonSignal = (typeof DAEMON_SIGNALS)[number];

/** In the order in which they are started: the switch reads the database. */
export const DAEMONS: readonly DaemonName[] = ["ovsdb-server", "ovs-vswitchd", "dockerd"];
/** STOP: it hangs, and what asks it waits in vain. */
export const DAEMON_SIGNALS = ["KILL", "TERM", "STOP"] as const;

const PROGRAMS: Readonly<Record<DaemonName, RegExp>> = {
  "ovsdb-server": /^ovsdb-server$/,
  "ovs-vswitchd": /^ovs-vswitchd$/,
  dockerd: /^dockerd$/,
};
/** dockerd gives its containers 10 s to end (docker stop). */
const END_TIMEOUT_MS = 30_000;
const POLL_MS = 15;

/** Which daemons this lab's hosts have. */
const labDaemons = (lab: LabState): DaemonName[] => DAEMONS.filter((daemon) => (daemon === "dockerd" ? lab.docker : lab.ovs) !== "none");

/**
 * Returns when it has ended (with STOP: at once). What it made outlives it, as on a real host: containers until dockerd
 * starts again (it then ends them, unless it runs with live-restore), and bridges and ports, though the userspace switch
 * moves no packet without ovs-vswitchd, nor without ovsdb-server: it polls its ports only while it holds the database's
 * lock (bridge_run in Open vSwitch's vswitchd/bridge.c; measured).
 */
export async function killDaemon(lab: LabState, host: LabHost, daemon: DaemonName, signal: DaemonSignal = "KILL"): Promise<void> {
  requireDaemon(lab, daemon);
  const running = findHostProcesses(host.namespace, PROGRAMS[daemon]);
  // dockerd's containerd dies with it (Pdeathsig in moby's libcontainerd), and the next dockerd would take its zombie for it
  const dying = [...running, ...(daemon === "dockerd" ? findHostProcesses(host.namespace, /^containerd$/) : [])];
  if (running.length === 0) throw problem(host, "killing", daemon, "it does not run", `start it with \`spanwire lab start\``);
  for (const { pid } of running) process.kill(pid, `SIG${signal}`);
  if (signal === "STOP") return;
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (!dying.every(isReaped)) {
    if (performance.now() > deadline) throw problem(host, "ending", daemon, "it still runs", "use --signal KILL");
    await delay(POLL_MS); // not our child: no event tells when it is gone
  }
}

/** Starts what was killed, wakes what was stopped, and leaves alone what runs. */
export async function startHostDaemon(lab: LabState, host: LabHost, daemon: DaemonName): Promise<void> {
  requireDaemon(lab, daemon);
  const running = findHostProcesses(host.namespace, PROGRAMS[daemon]);
  for (const { pid } of running) process.kill(pid, "SIGCONT");
  if (running.length > 0) return;
  if (daemon === "dockerd") {
    const root = lab.docker === "28" ? await ensureDocker28Root(lab.runId, () => undefined) : undefined;
    await startDaemon(lab, host, root);
    return;
  }
  await startOvsDaemon(lab, host, daemon);
  if (daemon === "ovs-vswitchd" && lab.ovs === "netdev") await ensureUnderlayBridge(lab, host);
}

/** Whatever of them is dead. */
export async function startHostDaemons(lab: LabState, host: LabHost): Promise<void> {
  for (const daemon of labDaemons(lab)) await startHostDaemon(lab, host, daemon);
}

export interface DaemonAnswer {
  daemon: DaemonName;
  /** null: it does not answer. */
  version: string | null;
}

export function askDaemons(lab: LabState, host: LabHost): Promise<DaemonAnswer[]> {
  const ask = async (daemon: DaemonName): Promise<DaemonAnswer> => {
    const version = daemon === "dockerd" ? await findDockerVersion(host.dockerSocket) : await findOvsVersion(lab, host, daemon);
    return { daemon, version: version ?? null };
  };
  return Promise.all(labDaemons(lab).map(ask));
}

function requireDaemon(lab: LabState, daemon: DaemonName): void {
  const daemons = labDaemons(lab);
  if (daemons.includes(daemon)) return;
  throw new SpanwireError({
    kind: "input",
    doing: "looking for",
    what: daemon,
    where: "",
    why: `the hosts of lab "${lab.runId}" have ${daemons.join(", ") || "no daemons"}`,
    try: "start a lab with it: `spanwire lab up --docker host --ovs auto`",
  });
}

function problem(host: LabHost, doing: string, what: string, why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind: "command", doing, what, where: host.name, why, try: advice });
}
