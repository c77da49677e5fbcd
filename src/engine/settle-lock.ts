import type { Lock } from "../model/lock.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { LockStore, PendingLock } from "./lock-store.ts";

export interface SettledLock {
  lock: Lock | undefined;
  /** How a change that was cut off has ended, in words. */
  note?: string;
}

/**
 * Which lock is right when a change of it was cut off: the new one where a host has finished that plan or is still at it,
 * else the former. `write` puts the store right too; whoever only looks leaves it as it is.
 */
export async function settleLock(store: LockStore, snapshots: ReadonlyMap<string, Snapshot>, write: boolean): Promise<SettledLock> {
  const [lock, pending] = [await store.read(), await store.findPending()];
  if (pending === undefined || snapshots.size === 0) return { lock };
  const states = new Set([...snapshots.values()].flatMap(({ lastPlan }) => (lastPlan?.planId === pending.planId ? [lastPlan.state] : [])));
  if (states.has("unfinished")) return { lock };
  const isDone = states.has("finished");
  if (write) await (isDone && lock !== undefined ? store.commit(lock) : store.rollback());
  return { lock: isDone ? lock : (pending.former ?? undefined), note: describe(pending, isDone) };
}

function describe({ planId }: PendingLock, isDone: boolean): string {
  const end = isDone ? "hosts have finished it, so its lock stays" : "no host is as it wanted, so the lock is the one before it";
  return `plan ${planId} had been cut off: ${end}`;
}
