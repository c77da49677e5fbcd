import { setTimeout as wait } from "node:timers/promises";
import { batchSteps } from "../../plan/compare/batch-steps.ts";
import { planToPoint, type RestorePoint } from "../../plan/compile/restore-point.ts";
import { STAGES, type Step } from "../../model/step.ts";
import { claimLinks } from "../../kinds/claim-links.ts";
import { kindOf, linkNames, observeResources } from "../../kinds/index.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { describeRest } from "../change/revert-plan.ts";
import type { HostSystem } from "../execute/host-system.ts";
import { forgetUnused } from "../prepare/forget-unused.ts";
import { RESTORE_JOURNAL as RESTORE } from "../state/journal.ts";
import { runBatches } from "../execute/run-batches.ts";
import { readPlan } from "../change/settle-plan.ts";
import type { StateDirectory } from "../state/state-directory.ts";
import { lockedBy } from "../change/transaction.ts";

export interface RestoreResult {
  ok: boolean;
  done: number;
  /** What could not be made as it was confirmed. */
  remaining: readonly string[];
  /** Docker did not answer: its networks are restored by a second run, after it has started. */
  withoutDocker: boolean;
}

/** Of one restore, made one after the other. */
const ATTEMPTS = 3;
const TURN_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/**
 * Makes the host as it was last confirmed, from files alone: no network, no controller. At boot that also undoes a change
 * that nobody had confirmed, because what was confirmed before is all there is. The same pure code as in a plan decides
 * what differs, so on a host that is whole it does nothing.
 */
export async function restoreHost(
  system: HostSystem,
  state: StateDirectory,
  { early = false }: RestoreOptions = {},
): Promise<RestoreResult> {
  if ((await state.findLastPlan()) === undefined && (await state.readPoints()).length === 0) return NOTHING;
  await takeTurn(state);
  try {
    await state.clearJournal(RESTORE);
    const cutOff = await takeCutOff(system, state);
    const points = [...(await state.readPoints())];
    if (cutOff !== undefined && cutOff.clusterUuid !== "" && points.every((point) => point.clusterUuid !== cutOff.clusterUuid))
      points.push(cutOff);
    const results: RestoreResult[] = [];
    for (const point of points) results.push(await restoreCluster(point, system, state, early).catch(failed));
    const result = combine(results);
    if (cutOff !== undefined && !early && !(result.withoutDocker && cutOff.needsDocker)) await endCutOff(cutOff, result, state);
    return result;
  } finally {
    await state.releaseLock(RESTORE);
  }
}

/** One cluster's trouble is not another's. */
const failed = (error: Error): RestoreResult => ({ ok: false, done: 0, remaining: [error.message], withoutDocker: false });

/** No cluster has ever come to this host. */
const NOTHING: RestoreResult = { ok: true, done: 0, remaining: [], withoutDocker: false };

/** Two clusters on a host have a boot unit each, and systemd starts both at once. */
async function takeTurn(state: StateDirectory): Promise<void> {
  const holder = { planId: RESTORE, operator: "spanwire host restore", since: new Date().toISOString(), pid: process.pid };
  const deadline = performance.now() + TURN_TIMEOUT_MS;
  for (;;) {
    const other = await state.acquireLock(holder);
    if (other === undefined) return;
    if (other.planId !== RESTORE || performance.now() > deadline) throw lockedBy(other);
    await wait(POLL_MS); // another process: no event tells when it is done
  }
}

export interface RestoreOptions {
  /** Docker has not started yet: a second run, after it, does the rest. */
  early?: boolean;
}

interface CutOff extends RestorePoint {
  needsDocker: boolean;
}

/** The plan that was under way when the machine stopped, with nothing as its wish; a confirmed one counts. */
async function takeCutOff(system: HostSystem, state: StateDirectory): Promise<CutOff | undefined> {
  const last = await state.findLastPlan();
  if (last?.state !== "unfinished") return undefined;
  const { planId } = last;
  if ((await state.decide(planId, "reverting")) === "confirmed") {
    await state.keepPoint(planId);
    state.append(planId, { event: "finished", at: new Date().toISOString(), why: "confirmed, then cut off" });
    await state.dropPoint(planId);
    await freeHost(state);
    return undefined;
  }
  const plan = readPlan(planId, system, state);
  if (plan !== undefined) await state.takeBackPoint(planId, plan.clusterUuid);
  const needsDocker = [...(plan?.touched ?? [])].some((key) => key.startsWith("docker-network/"));
  return { planId, clusterUuid: plan?.clusterUuid ?? "", address: "", resources: [], needsDocker };
}

async function endCutOff({ planId, clusterUuid }: CutOff, { ok, remaining }: RestoreResult, state: StateDirectory): Promise<void> {
  state.append(planId, { event: ok ? "reverted" : "revert-incomplete", remaining, why: "the machine stopped before it was confirmed" });
  if (!ok) await state.freeze({ planId, since: new Date().toISOString(), remaining });
  await state.dropPoint(planId);
  if (ok && clusterUuid !== "") await forgetUnused(clusterUuid, state);
  await freeHost(state);
}

/** What a plan keeps on a host while it is under way. */
async function freeHost(state: StateDirectory): Promise<void> {
  await state.reserve(false);
  await state.clearGuards();
}

async function restoreCluster(point: RestorePoint, system: HostSystem, state: StateDirectory, early: boolean): Promise<RestoreResult> {
  let done = 0;
  const observe = (): Promise<Snapshot> => system.observe({ withoutDocker: early });
  let snapshot = await observe();
  let steps = planRestore(point, snapshot, early);
  for (let attempt = 0; attempt < ATTEMPTS && steps.length > 0; attempt++) {
    state.append(RESTORE, { event: "begin", at: new Date().toISOString(), clusterUuid: point.clusterUuid, steps });
    // one host alone: its stages follow each other without a barrier
    for (const stage of STAGES) {
      const batches = batchSteps(steps.filter((step) => step.stage === stage));
      // a daemon that is down keeps nothing from being made that needs it not
      await runBatches(batches, { planId: RESTORE, phase: RESTORE, system, state, tryAll: true });
    }
    const before = steps.length;
    snapshot = await observe();
    steps = planRestore(point, snapshot, early);
    done += Math.max(before - steps.length, 0);
    state.append(RESTORE, { event: "finished", remaining: steps.map(describeRest) });
  }
  return { ok: steps.length === 0, done, remaining: steps.map(describeRest), withoutDocker: snapshot.docker.state !== "ready" };
}

/**
 * What differs from the confirmed state; Docker's part only while Docker can be seen. Early, settings of the whole host
 * wait too: Docker closes the FORWARD chain only when it finds forwarding off and switches it on itself, and what it has
 * switched on is not ours to give back.
 */
function planRestore({ clusterUuid, resources }: RestorePoint, found: Snapshot, early: boolean): Step[] {
  const snapshot = claimLinks(found, clusterUuid, linkNames(resources));
  const steps = planToPoint(resources, observeResources(snapshot, clusterUuid));
  const isForNow = ({ before, after }: Step): boolean => {
    const resource = after ?? before;
    if (resource?.kind === "docker-network") return !early && found.docker.state === "ready";
    if (early && resource !== null && kindOf(resource).unseenBecause?.(found) !== undefined) return false; // a second run sees it
    return !(early && resource?.kind === "sysctl" && resource.device === undefined);
  };
  return steps.filter(isForNow);
}

function combine(results: readonly RestoreResult[]): RestoreResult {
  return {
    ok: results.every(({ ok }) => ok),
    done: results.reduce((sum, { done }) => sum + done, 0),
    remaining: results.flatMap(({ remaining }) => remaining),
    withoutDocker: results.some(({ withoutDocker }) => withoutDocker),
  };
}
