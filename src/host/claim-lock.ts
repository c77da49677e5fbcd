import { link, rename, rm, writeFile } from "node:fs/promises";
import { isSameProcess, processIdentity } from "../util/process-identity.ts";
import { readJsonFile } from "./read-json-file.ts";

/** Who applies which plan on this host. */
export interface LockHolder {
  planId: string;
  operator: string;
  since: string;
  pid: number;
  /** With the pid it names one process for ever; filled in by `claimLock`. */
  startTicks?: string;
}

/**
 * Undefined when the lock is now the holder's, otherwise who has it. link(2) makes the name and its content appear at
 * once, or fails because the name is there: of any number of claims exactly one succeeds.
 */
export async function claimLock(path: string, holder: LockHolder): Promise<LockHolder | undefined> {
  const claim = `${path}.${process.pid}.claim`;
  await writeFile(claim, JSON.stringify({ ...processIdentity(holder.pid), ...holder }), { mode: 0o600 });
  try {
    for (;;) {
      const isOurs = await link(claim, path).then(() => true, isThere);
      if (isOurs) return undefined;
      const current = await readJsonFile<LockHolder>(path);
      if (current === undefined) continue; // released meanwhile
      if (current.pid !== process.pid && isHolderAlive(current)) return current;
      await removeStale(path, current);
    }
  } finally {
    await rm(claim, { force: true });
  }
}

export function isHolderAlive({ pid, startTicks }: LockHolder): boolean {
  return isSameProcess({ pid, startTicks: startTicks ?? processIdentity(pid)?.startTicks ?? "" });
}

function isThere(error: NodeJS.ErrnoException): false {
  if (error.code === "EEXIST") return false;
  throw error;
}

/** Its process is gone: what that did is observed, not remembered. One that was claimed anew meanwhile is put back. */
async function removeStale(path: string, stale: LockHolder): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = await readJsonFile<LockHolder>(aside);
  if (moved?.pid !== stale.pid || moved.planId !== stale.planId) await link(aside, path).catch(isThere);
  await rm(aside, { force: true });
}
