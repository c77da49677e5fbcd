import { link, open, readFile, rm } from "node:fs/promises";
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
  /** Before the first host is touched. Refused when the lock is not the one that `before` names: it was made from another. */
  begin(change: { planId: string; before: string | null; next: Lock }): Promise<void>;
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

    async begin({ planId, before, next }) {
      const current = await store.read();
      if (digestOf(current) !== before) throw stale(path, current === undefined);
      if (digestLock(next) === before) return; // nothing to keep aside
      await writeAtomically(formerPath, JSON.stringify({ planId, lock: current === undefined ? null : formatLock(current) }));
      await (current === undefined ? writeFirst(path, next, formerPath) : write(next));
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

/** Of two operators at once one writes it, and the other learns of it before a host does. */
async function writeFirst(path: string, lock: Lock, formerPath: string): Promise<void> {
  const own = `${path}.${process.pid}.new`;
  const handle = await open(own, "w", FILE_MODE);
  try {
    await handle.writeFile(formatLock(lock));
    await handle.sync();
    await link(own, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    await rm(formerPath, { force: true });
    throw stale(path, false, error);
  } finally {
    await handle.close();
    await rm(own, { force: true });
  }
}

function stale(path: string, isGone: boolean, cause?: unknown): SpanwireError {
  const why = isGone ? "it was removed since this plan was made" : "somebody else has written it since this plan was made";
  return new SpanwireError(
    { kind: "conflict", doing: "writing", what: path, where: "", why, try: "make a new plan: run the same command again" },
    { cause },
  );
}
