import { link, rename, rm, writeFile } from "node:fs/promises";
import { isSameProcess, processIdentity } from "../../util/process-identity.ts";
import { dirname } from "node:path";
import { findJsonFile } from "./read-json-file.ts";
import { syncDirectory } from "../../util/sync-directory.ts";

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
  await writeFile(claim, JSON.stringify({ ...processIdentity(holder.pid), ...holder }), { mode: 0o600, flush: true });
  try {
    for (;;) {
      const isOurs = await link(claim, path).then(() => true, isThere);
      if (isOurs) {
        await syncDirectory(dirname(path));
        return undefined;
      }
      const current = await findJsonFile<LockHolder>(path);
      if (current === undefined) continue; // released meanwhile
      if (current !== "damaged" && current.pid !== process.pid && isHolderAlive(current)) return current;
      await removeStale(path, current);
    }
  } finally {
    await rm(claim, { force: true });
  }
}

/** Only the plan's own; a damaged one goes too. */
export async function releaseLock(path: string, planId: string): Promise<void> {
  const current = await findJsonFile<LockHolder>(path);
  if (current === "damaged" || current?.planId === planId) await rm(path, { force: true });
}

/** A damaged one is nobody's: its process ended with the power. */
export async function findLock(path: string): Promise<LockHolder | undefined> {
  const found = await findJsonFile<LockHolder>(path);
  return found === "damaged" ? undefined : found;
}

export function isHolderAlive({ pid, startTicks }: LockHolder): boolean {
  return isSameProcess({ pid, startTicks: startTicks ?? processIdentity(pid)?.startTicks ?? "" });
}

function isThere(error: NodeJS.ErrnoException): false {
  if (error.code === "EEXIST") return false;
  throw error;
}

type Claim = LockHolder | "damaged" | undefined;

function isSameClaim(found: Claim, stale: Claim): boolean {
  if (typeof found !== "object" || typeof stale !== "object") return found === stale;
  return found.pid === stale.pid && found.planId === stale.planId;
}

/** Its process is gone (a damaged one is a power cut's): what that did is observed, not remembered. One that was claimed anew meanwhile is put back. */
async function removeStale(path: string, stale: LockHolder | "damaged"): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = await findJsonFile<LockHolder>(aside);
  if (!isSameClaim(moved, stale)) await link(aside, path).catch(isThere);
  await rm(aside, { force: true });
}
