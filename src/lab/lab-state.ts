import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { SpanwireError } from "../model/problem.ts";
import { DATA_ROOT, STATE_ROOT } from "./lab-names.ts";
import { isSameProcess, processIdentity, type ProcessIdentity } from "../util/process-identity.ts";

/** `host`: the machine's own Docker, whatever its version; `20` the same, but only if it is 20.x. */
export type DockerFlavour = "host" | "20" | "28" | "none";

/** Where Open vSwitch switches packets (datapath_type in ovs-vswitchd.conf.db(5)); `none`: the hosts have none. */
export type OvsDatapath = "kernel" | "netdev" | "none";

export interface LabHost {
  /** "h1" */
  name: string;
  /** 1-based; the last octet of its addresses. */
  index: number;
  namespace: string;
  managementAddress: string;
  /** Underlay address, on eth0. */
  address: string;
  /** Holds the daemons' data and logs, and the host program's state. */
  directory: string;
  /** Exists only when the lab has a Docker. */
  dockerSocket: string;
  stateDirectory: string;
}

/** The one file of a run. It names every thing before that thing is created, so a crash at any point can be cleaned up. */
export interface LabState {
  version: 1;
  runId: string;
  /** "up" only after everything answered. */
  phase: "starting" | "up" | "stopping";
  /** Who is starting or stopping it; a dead owner means a half lab. */
  owner: ProcessIdentity;
  docker: DockerFlavour;
  ovs: OvsDatapath;
  mtuBytes: number;
  /** How its hosts' program starts, where that is not this program: a test's, which breaks on purpose. */
  hostProgram?: readonly [string, ...string[]];
  switchNamespace: string;
  /** What this run creates and may therefore delete. */
  namespaces: string[];
  hosts: LabHost[];
}

const statePath = (runId: string): string => `${STATE_ROOT}/${runId}/lab.json`;

/** Fails with `conflict` when the run has a state file already: this is also the lock between two `lab up`. */
export function createLabState(state: LabState): void {
  mkdirSync(`${STATE_ROOT}/${state.runId}`, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(statePath(state.runId), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new SpanwireError({
      kind: "conflict",
      doing: "starting the lab",
      what: state.runId,
      where: "",
      why: `${statePath(state.runId)} exists: this lab is up, or half up`,
      try: `look with \`spanwire lab status --run ${state.runId}\`, or clean up with \`spanwire lab down --run ${state.runId}\``,
    });
  }
}

export function writeLabState(state: LabState): void {
  const path = statePath(state.runId);
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeLabState(runId: string): void {
  rmSync(`${STATE_ROOT}/${runId}`, { recursive: true, force: true });
  for (const root of [STATE_ROOT, DATA_ROOT]) removeIfEmpty(root);
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Another lab still uses it, or it never existed.
  }
}

export function findLab(runId: string): LabState | undefined {
  let text: string;
  try {
    text = readFileSync(statePath(runId), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const state = JSON.parse(text) as LabState;
    if (state.version === 1 && state.runId === runId) return state;
  } catch {
    // Said below: a torn file has the same cure as a foreign one.
  }
  throw new SpanwireError({
    kind: "conflict",
    doing: "reading the lab's state",
    what: statePath(runId),
    where: "",
    why: "it is not a lab state this version understands",
    try: `remove what it created with \`spanwire lab down --run ${runId}\``,
  });
}

export function readLab(runId: string): LabState {
  const state = findLab(runId);
  if (state !== undefined) return state;
  const others = listLabs();
  throw new SpanwireError({
    kind: "input",
    doing: "looking for the lab",
    what: runId,
    where: "",
    why: `no lab of that name runs here (running: ${others.length === 0 ? "none" : others.join(", ")})`,
    try: `start it with \`spanwire lab up --run ${runId}\``,
  });
}

/** Run ids of the labs that have a state file. */
export function listLabs(): string[] {
  try {
    return readdirSync(STATE_ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .toSorted();
  } catch {
    return [];
  }
}

export const currentOwner = (): ProcessIdentity => processIdentity(process.pid) ?? { pid: process.pid, startTicks: "" };

/** Whether someone else is starting or stopping this lab right now. */
export function isBusy(state: LabState): boolean {
  return state.phase !== "up" && state.owner.pid !== process.pid && isSameProcess(state.owner);
}

/** A host by its lab name. */
export function getLabHost(lab: LabState, name: string): LabHost {
  const host = lab.hosts.find((candidate) => candidate.name === name);
  if (host !== undefined) return host;
  throw new SpanwireError({
    kind: "input",
    doing: "looking for the lab host",
    what: JSON.stringify(name),
    where: "",
    why: `lab "${lab.runId}" has the hosts ${lab.hosts.map((candidate) => candidate.name).join(", ")}`,
    try: "use one of those names",
  });
}
