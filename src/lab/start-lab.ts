import { mkdirSync, rmSync } from "node:fs";
import { SpanwireError } from "../model/problem.ts";
import { run } from "../util/run.ts";
import { buildBusyboxTar, importImage } from "./host/busybox-image.ts";
import { ensureDocker28Root } from "./host/docker28-root.ts";
import { startDaemon } from "./host/docker-daemon.ts";
import { startOpenVswitch } from "./host/open-vswitch.ts";
import { createLabNetwork, findTakenNames, setSwitchSysctls } from "./lab-network.ts";
import { runDirectory } from "./lab-names.ts";
import { resolveLab, type LabWish } from "./lab-shape.ts";
import { requireRoot } from "./require-root.ts";
import { createLabState, findLab, type LabState, writeLabState } from "./lab-state.ts";
import { stopLab } from "./stop-lab.ts";
import { runTool } from "./tools.ts";
import { ensureUnderlayBridge } from "./underlay-bridge.ts";

export interface StartLabOptions extends LabWish {
  /** What is going on, one phrase at a time. */
  onProgress?: (phrase: string) => void;
  signal?: AbortSignal;
}

/** Creates a lab, or nothing: whatever fails or is aborted, it cleans up what it had created. */
export async function startLab(options: StartLabOptions = {}): Promise<LabState> {
  const lab = resolveLab(options);
  requireRoot("starting the lab", lab.runId);
  await requireDocker(lab);
  refuseTakenNames(lab);
  createLabState(lab);
  try {
    await build(lab, options);
    const up: LabState = { ...lab, phase: "up" };
    writeLabState(up);
    return up;
  } catch (error) {
    await stopLab(lab.runId);
    throw error;
  }
}

async function build(lab: LabState, options: StartLabOptions): Promise<void> {
  const progress = options.onProgress ?? (() => undefined);
  // With no state file it can only be the data of a run that a reboot ended.
  rmSync(runDirectory(lab.runId), { recursive: true, force: true });
  progress(`wiring ${lab.hosts.length} hosts to the switch`);
  await createLabNetwork(lab);
  options.signal?.throwIfAborted();
  for (const host of lab.hosts) {
    mkdirSync(host.directory, { recursive: true, mode: 0o711 });
    mkdirSync(host.stateDirectory, { mode: 0o700 });
  }
  await settleAll([
    ...(lab.docker === "none" ? [] : [startDockers(lab, options, progress)]),
    ...(lab.ovs === "none" ? [] : [startSwitches(lab, progress)]),
  ]);
  await setSwitchSysctls(lab);
}

async function startSwitches(lab: LabState, progress: (phrase: string) => void): Promise<void> {
  if (lab.ovs === "kernel") await runTool(["modprobe", "openvswitch"], { runId: lab.runId, doing: "loading the openvswitch module" });
  progress(`starting ${lab.hosts.length} Open vSwitches`);
  const start = async (host: LabState["hosts"][number]): Promise<void> => {
    await startOpenVswitch(lab, host);
    if (lab.ovs === "netdev") await ensureUnderlayBridge(lab, host);
  };
  await settleAll(lab.hosts.map(start));
}

async function startDockers(lab: LabState, options: StartLabOptions, progress: (phrase: string) => void): Promise<void> {
  const rootDirectory = lab.docker === "28" ? await ensureDocker28Root(lab.runId, progress, options.signal) : undefined;
  progress(`starting ${lab.hosts.length} Docker daemons`);
  const tar = await buildBusyboxTar(lab.runId);
  const start = async (host: LabState["hosts"][number]): Promise<void> => {
    const version = await startDaemon(lab, host, rootDirectory, options.signal);
    await importImage(host.name, host.dockerSocket, tar);
    progress(`${host.name}: Docker ${version} answers`);
  };
  await settleAll(lab.hosts.map(start));
}

/** All must have settled before a failure is cleaned up, or the clean-up meets daemons that are being born. */
async function settleAll(starts: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(starts);
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const problems = failures.flatMap((failure) => (failure instanceof SpanwireError ? failure.problems : []));
  if (problems.length > 0) throw new SpanwireError(problems);
  if (failures.length > 0) throw failures[0];
}

async function requireDocker(lab: LabState): Promise<void> {
  if (lab.docker !== "20" && lab.docker !== "host") return;
  const result = await run(["dockerd", "--version"]);
  const version = /version (\d+)/.exec(result.stdout)?.[1];
  if (version !== undefined && (lab.docker === "host" || version === "20")) return;
  throw new SpanwireError({
    kind: "unsupported",
    doing: "starting the lab",
    what: lab.runId,
    where: "",
    why: version === undefined ? "this machine has no dockerd" : `this machine's Docker is version ${version}, not 20`,
    try: version === undefined ? "install the package docker.io, or use --docker none" : "use --docker host, or --docker 28",
  });
}

function refuseTakenNames(lab: LabState): void {
  if (findLab(lab.runId) !== undefined) return; // then createLabState says it better
  const taken = findTakenNames(lab.namespaces);
  if (taken.length === 0) return;
  throw new SpanwireError({
    kind: "conflict",
    doing: "starting the lab",
    what: lab.runId,
    where: "",
    why: `network namespaces of that name exist and are not this lab's: ${taken.join(", ")}`,
    try: "choose another run id with --run, or delete them if they are yours (`ip netns delete NAME`)",
  });
}
