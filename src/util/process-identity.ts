import { readFileSync } from "node:fs";

/** A pid alone may be reused; with its start time (proc(5), stat field 22) it names one process for ever. */
export interface ProcessIdentity {
  pid: number;
  startTicks: string;
}

export interface ProcessStat {
  state: string;
  parent: number;
  startTicks: string;
}

/** undefined when there is no such process. */
export function readStat(pid: number | string): ProcessStat | undefined {
  try {
    // The command name in parentheses may hold anything, so count from its end (proc(5)).
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", parent: Number(fields[1]), startTicks: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

export function processIdentity(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks };
}

/** Also false for one that has ended and only waits to be reaped. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X" && stat.startTicks === identity.startTicks;
}
