import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { processIdentity } from "../../util/process-identity.ts";
import { readBootTimeMs } from "../state/boot-time.ts";
import { isHolderAlive } from "../state/claim-lock.ts";
import { findDeadline } from "../change/deadline.ts";
import { clearGuard, guardFile } from "./guard-files.ts";
import type { HostSystem } from "../execute/host-system.ts";
import { PATIENCE } from "../../util/patience.ts";
import { settlePlan } from "../change/settle-plan.ts";
import type { LockHolder, StateDirectory } from "../state/state-directory.ts";
import { writeAtomically } from "../../util/write-atomically.ts";

export interface GuardInput {
  planId: string;
  root: string;
  system: HostSystem;
  state: StateDirectory;
}

/** How often it looks whether the host program lives and the deadline has moved. */
const POLL_MS = 250;
/** The host program meets its own deadline first; one that has not decided by then hangs. */
const GRACE_MS = 2_000 * PATIENCE;
/** A revert that the host program has begun itself may take this long. */
const REVERT_MS = 120_000 * PATIENCE;

/**
 * Waits until the plan is confirmed or ended by others, else takes the host back: at once when the host program is gone,
 * at the deadline when it hangs. It never takes the host from a program that is already on its way back.
 */
export async function runGuard({ planId, root, system, state }: GuardInput): Promise<void> {
  const isWaiting = async (): Promise<boolean> => (await state.findLock())?.planId === planId && state.findVerdict(planId) !== "confirmed";
  if (!(await isWaiting())) return;
  await writeAtomically(join(root, guardFile(planId)), JSON.stringify(processIdentity(process.pid)));
  await awaitDeadline(planId, root, state);
  if (!(await isWaiting())) return;
  const { operator, since } = (await state.findLock()) ?? { operator: "the guard", since: "" };
  const other = await state.acquireLock({ planId, operator, since, pid: process.pid });
  if (other !== undefined) return;
  await settlePlan(planId, system, state);
  await clearGuard(root, planId);
}

/** Returns when nobody is at the plan any more, or it needs no guard. */
async function awaitDeadline(planId: string, root: string, state: StateDirectory): Promise<void> {
  for (;;) {
    const holder = await state.findLock();
    if (holder?.planId !== planId || state.findVerdict(planId) === "confirmed" || !isHolderAlive(holder)) return;
    const leftMs = readLeftMs(planId, root);
    if (leftMs > 0) await wait(Math.min(leftMs, POLL_MS));
    else await endHolder(planId, holder, root, state);
  }
}

function readLeftMs(planId: string, root: string): number {
  const deadline = findDeadline(root);
  return deadline?.planId === planId ? deadline.atMs - readBootTimeMs() : 0;
}

/** Returns when the host program has ended the plan or has been ended itself, or when it has more time after all. */
async function endHolder(planId: string, holder: LockHolder, root: string, state: StateDirectory): Promise<void> {
  const startedAt = performance.now();
  while (isHolderAlive(holder) && readLeftMs(planId, root) <= 0) {
    if ((await state.findLock())?.planId !== planId || state.findVerdict(planId) === "confirmed") return;
    const patienceMs = state.findVerdict(planId) === "reverting" ? REVERT_MS : GRACE_MS;
    if (performance.now() - startedAt > patienceMs) process.kill(holder.pid, "SIGKILL");
    await wait(POLL_MS);
  }
}
