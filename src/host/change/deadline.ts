import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../util/write-atomically.ts";

/** Until when a plan must be confirmed, in boot time (boot-time.ts). */
export interface Deadline {
  planId: string;
  atMs: number;
}

const format = ({ planId, atMs }: Deadline): string => `${planId} ${String(Math.round(atMs)).padStart(15)}\n`;
const path = (root: string): string => join(root, "deadline");

export const setDeadline = (root: string, deadline: Deadline): Promise<void> => writeAtomically(path(root), format(deadline));

/** In place and of one length, so that it also works while the disk is full. */
export function moveDeadline(root: string, deadline: Deadline): void {
  const descriptor = openSync(path(root), "r+");
  try {
    writeSync(descriptor, format(deadline), 0);
  } finally {
    closeSync(descriptor);
  }
}

export const dropDeadline = (root: string): Promise<void> => rm(path(root), { force: true });

/** Undefined when no plan waits. */
export function findDeadline(root: string): Deadline | undefined {
  try {
    const [planId = "", atMs = ""] = readFileSync(path(root), "utf8").trim().split(/\s+/);
    return { planId, atMs: Number(atMs) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
