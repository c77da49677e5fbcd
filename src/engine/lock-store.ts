import { randomUUID } from "node:crypto";
import { access, constants, link, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { digestLock, formatLock, parseLock } from "../lock/lock-file.ts";
import type { Lock } from "../model/lock.ts";
import { SpanwireError } from "../model/problem.ts";
import { syncDirectory } from "../util/sync-directory.ts";
import { writeAtomically } from "../util/write-atomically.ts";

/**
 * The cluster's lock and a change of it under way. While a plan is carried out the new lock stands in its place already, so
 * that what was given out is known whatever happens to us; the former one stands beside it until the hosts have confirmed
 * the plan, or gone back. A change that was cut off in between is settled by what the hosts say (settle-lock.ts).
 */
export interface LockStore {
  read(): Promise<Lock | undefined>;
  /** Before a host is asked for what only a lock can keep. Throws what the system says. */
  requireWritable(): Promise<void>;
  /**
   * Before the first host is touched. Refused when the lock is not the one that `before` names, for the plan was made from that,
   * and while another change is under way. False when the lock stays as it is: then there is nothing to roll back.
   */
  begin(change: { planId: string; before: string | null; next: Lock }): Promise<boolean>;
  /** Every host is as planned: `final` is the lock; null removes it. */
  commit(final: Lock | null): Promise<void>;
  /** Every host is as before: so is the lock. */
  rollback(): Promise<void>;
  /** A change that was begun and neither committed nor rolled back. */
  findPending(): Promise<PendingLock | undefined>;
}

export interface PendingLock {
  planId: string;
  /** null: there was none. */
  former: Lock | null;
}

/** Like the spec beside it, it is for everybody to read. */
const FILE_MODE = 0o644;

export function openLockStore(path: string): LockStore {
  const formerPath = `${path}.former`;
  const write = (lock: Lock): Promise<void> => writeAtomically(path, formatLock(lock), FILE_MODE);
  const store: LockStore = {
    async read() {
      const text = await readText(path);
      return text === undefined ? undefined : parseLock(text, path);
    },

    requireWritable: () => access(dirname(path), constants.W_OK | constants.X_OK),

    async begin({ planId, before, next }) {
      const current = await store.read();
      const pending = await store.findPending();
      if (pending !== undefined) throw underWay(path, pending.planId);
      if (digestOf(current) !== before) throw stale(path, current === undefined);
      if (digestLock(next) === before) return false; // nothing to keep aside
      await createOnce(formerPath, JSON.stringify({ planId, lock: current === undefined ? null : formatLock(current) }), path);
      if (digestOf(await store.read()) === before) {
        await write(next);
        return true;
      }
      await rm(formerPath, { force: true }); // written between our look and our turn
      throw stale(path, false);
    },

    async commit(final) {
      if (final === null) await rm(path, { force: true });
      else if ((await readText(path)) !== formatLock(final)) await write(final);
      await rm(formerPath, { force: true });
      await syncDirectory(dirname(path));
    },

    async rollback() {
      const pending = await store.findPending();
      if (pending === undefined) return;
      if (pending.former === null) await rm(path, { force: true });
      else await write(pending.former);
      await rm(formerPath, { force: true });
      await syncDirectory(dirname(path));
    },

    async findPending() {
      const text = await readText(formerPath);
      if (text === undefined) return undefined;
      const { planId, lock } = JSON.parse(text) as { planId: string; lock: string | null };
      return { planId, former: lock === null ? null : parseLock(lock, formerPath) };
    },
  };
  return store;
}

const digestOf = (lock: Lock | undefined): string | null => (lock === undefined ? null : digestLock(lock));

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** Of two operators at once one gets it, and the other learns of it before a host does. */
async function createOnce(formerPath: string, text: string, path: string): Promise<void> {
  const own = `${formerPath}.${randomUUID()}.new`;
  try {
    await writeAtomically(own, text);
    await link(own, formerPath);
    await syncDirectory(dirname(formerPath));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw underWay(path, "of another operator", error);
  } finally {
    await rm(own, { force: true });
  }
}

function underWay(path: string, planId: string, cause?: unknown): SpanwireError {
  const why = `plan ${planId} is under way there, or was cut off`;
  const advice = "run `spanwire apply` when it is done: that also settles one that was cut off";
  return new SpanwireError({ kind: "conflict", doing: "writing", what: path, where: "", why, try: advice }, { cause });
}

function stale(path: string, isGone: boolean): SpanwireError {
  const why = isGone ? "it was removed since this plan was made" : "somebody else has written it since this plan was made";
  const advice = "make a new plan: run the same command again";
  return new SpanwireError({ kind: "conflict", doing: "writing", what: path, where: "", why, try: advice });
}
