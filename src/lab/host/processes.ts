import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SpanwireError } from "../../model/problem.ts";
import { processIdentity, readStat, type ProcessIdentity } from "../../util/process-identity.ts";
import { namespacePath, RUN_VARIABLE } from "../lab-names.ts";

export interface LabProcess {
  pid: number;
  command: string;
}

/** How long killed processes may take to leave; they only need to be scheduled once. */
const EXIT_TIMEOUT_MS = 15_000;
const POLL_MS = 15;

/**
 * Processes of a run: started by it (environment), in one of its network namespaces (dockerd, containerd, shims, what
 * users run with `lab exec`), or in one of its cgroups (containers, also when their shim is dead).
 */
export function findRunProcesses(runId: string, names: readonly string[]): LabProcess[] {
  return findProcesses(names, (pid) => isStartedBy(pid, runId));
}

const findNamespaceProcesses = (names: readonly string[]): LabProcess[] => findProcesses(names, () => false);

function findProcesses(names: readonly string[], isOtherwiseOurs: (pid: string) => boolean): LabProcess[] {
  const inodes = new Set(names.map(namespaceInode).filter((inode) => inode !== undefined));
  const cgroups = new Set(names);
  const spared = ownAncestors();
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && !spared.has(Number(entry)))
    .filter((pid) => isLive(pid) && (isOtherwiseOurs(pid) || isInNamespace(pid, inodes) || isInCgroup(pid, cgroups)))
    .map((pid) => ({ pid: Number(pid), command: readProc(pid, "cmdline").replaceAll("\0", " ").trim() || readProc(pid, "comm").trim() }));
}

/** Not even a zombie: by its pid a zombie still looks alive to others (kill(2) with signal 0). */
export function isReaped(identity: ProcessIdentity): boolean {
  return readStat(identity.pid)?.startTicks !== identity.startTicks;
}

/** A host's processes by their program's name (proc(5), comm: at most 15 bytes). */
export function findHostProcesses(namespace: string, program: RegExp): ProcessIdentity[] {
  const inodes = new Set([namespaceInode(namespace)].filter((inode) => inode !== undefined));
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && isLive(pid) && program.test(readProc(pid, "comm").trim()) && isInNamespace(pid, inodes))
    .map((pid) => processIdentity(Number(pid)))
    .filter((identity) => identity !== undefined);
}

/** Kills until none is left. */
export const killRunProcesses = (runId: string, names: readonly string[]): Promise<void> =>
  killUntilGone(runId, () => findRunProcesses(runId, names));

/** Of one host only: what is in its network namespace or its cgroup. */
export const killNamespaceProcesses = (runId: string, namespace: string): Promise<void> =>
  killUntilGone(runId, () => findNamespaceProcesses([namespace]));

/** dockerd and its shims may start another one while we look, so it looks again. */
async function killUntilGone(runId: string, find: () => LabProcess[]): Promise<void> {
  const deadline = performance.now() + EXIT_TIMEOUT_MS;
  for (;;) {
    const left = find();
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new SpanwireError({
        kind: "timeout",
        doing: "ending the processes of lab",
        what: runId,
        where: "",
        why: `still there after SIGKILL: ${left.map((process) => `${process.pid} (${process.command.slice(0, 60)})`).join(", ")}`,
        try: "look at what they wait for in /proc/PID/stack, then run `spanwire lab down` again",
      });
    }
    for (const { pid } of left) kill(pid);
    await delay(POLL_MS); // they are not our children: no event tells when they are gone
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself meanwhile.
  }
}

/** `lab down` typed in a shell that runs inside a lab host must not end itself. */
function ownAncestors(): Set<number> {
  const pids = new Set<number>();
  for (let pid = process.pid; pid > 1 && !pids.has(pid); pid = readStat(pid)?.parent ?? 0) pids.add(pid);
  return pids;
}

function isLive(pid: string): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

function isStartedBy(pid: string, runId: string): boolean {
  return readProc(pid, "environ").split("\0").includes(`${RUN_VARIABLE}=${runId}`);
}

function isInNamespace(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return inodes.has(readlinkSync(`/proc/${pid}/ns/net`));
  } catch {
    return false;
  }
}

function isInCgroup(pid: string, names: ReadonlySet<string>): boolean {
  return readProc(pid, "cgroup")
    .split("\n")
    .some((line) => line.split("/").some((part) => names.has(part)));
}

/** As /proc/PID/ns/net shows it: "net:[4026532281]". */
function namespaceInode(namespace: string): string | undefined {
  try {
    return `net:[${statSync(namespacePath(namespace)).ino}]`;
  } catch {
    return undefined;
  }
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // ended meanwhile
  }
}
