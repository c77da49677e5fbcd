import { fingerprintHost } from "../../plan/compare/fingerprint.ts";
import { deriveFacts } from "../../plan/host-state.ts";
import { batchSteps } from "../../plan/compare/batch-steps.ts";
import { deriveRestorePoint, planToPoint } from "../../plan/compile/restore-point.ts";
import type { Stage, Step } from "../../model/step.ts";
import { kindOf, observeResources } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import { SpanwireError, type Problem } from "../../model/problem.ts";
import { endPlan } from "./end-plan.ts";
import type { HostSystem } from "../execute/host-system.ts";
import { findWorse } from "./management-path.ts";
import { revertPlan, type RevertResult } from "./revert-plan.ts";
import { runBatches } from "../execute/run-batches.ts";
import { settleLeftover } from "./settle-leftover.ts";
import { namesOf } from "./settle-plan.ts";
import type { LockHolder, StateDirectory } from "../state/state-directory.ts";

export interface BeginInput {
  planId: string;
  clusterUuid: string;
  /** This host's underlay address. */
  address: string;
  /** What the plan was made from; anything else is a stale plan. */
  basis: string;
  operator: string;
  steps: readonly Step[];
  /** Also on a host that is frozen: the plan puts right what a revert left behind. */
  repair?: boolean | undefined;
}

export interface StageResult {
  ok: boolean;
  /** Steps whose result was seen on the host. */
  done: readonly string[];
  problems: readonly Problem[];
  notes: readonly string[];
}

export interface Transaction {
  readonly planId: string;
  runStage(stage: Stage): Promise<StageResult>;
  /** Undefined when a confirm came first; `overrule` takes that back too. */
  revert(options: { overrule: boolean }): Promise<RevertResult | undefined>;
  /** Ends the plan; throws unless it was confirmed over another conversation. */
  finish(): Promise<void>;
}

/**
 * One plan on one host. Every batch is journalled before and after, every stage ends with an observation, and a revert
 * aims at what was observed at the beginning: so it does not matter how far a failed batch got.
 */
export async function beginTransaction(
  input: BeginInput,
  system: HostSystem,
  state: StateDirectory,
  /** Hears before each batch how long it may take, and 0 after it. */
  onBatch: (estimateMs: number) => void = () => {},
): Promise<Transaction> {
  const { planId, clusterUuid, steps } = input;
  const names = namesOf(steps);
  const observe = async (): Promise<Map<string, Resource>> => observeResources(await system.observe(), clusterUuid, names);
  const { initial, wanted } = await lockAndCheck(input, { system, state, names });
  const touched = new Set<string>();
  const managed = await system.probeManagement?.();
  /** Connectivity that was there before the plan: checked while the connection that could still say so lives. */
  const checkManaged = async (): Promise<Problem[]> => {
    const now = managed === undefined ? undefined : await system.probeManagement?.();
    const why = managed === undefined || now === undefined ? undefined : findWorse(managed, now);
    return why === undefined ? [] : [unmanaged(why)];
  };

  return {
    planId,

    async runStage(stage) {
      if (stage === "remove" && state.findVerdict(planId) !== "confirmed") {
        throw problem(
          "refused",
          "removing for",
          `plan ${planId}`,
          "what was there before is only removed after a confirm over a new connection",
          "apply again",
        );
      }
      const mine = steps.filter((step) => step.stage === stage);
      if (mine.length === 0) return { ok: true, done: [], problems: [], notes: [] };
      for (const step of mine) touched.add(step.key);
      const { failure, notes } = await runBatches(batchSteps(mine), { planId, phase: stage, system, state, onBatch });
      const seen = await observe();
      const wrong = mine.flatMap((step) => findUnmet(step, mine, seen));
      const done = mine.filter((step) => wrong.every((unmet) => unmet.step !== step)).map((step) => step.id);
      const unmet =
        failure === undefined ? wrong.map(({ step, why }) => unmetProblem(step, why)) : [failureProblem(mine, wrong[0]?.step, failure)];
      const problems = [...unmet, ...(await checkManaged())];
      return { ok: problems.length === 0, done, problems, notes };
    },

    async revert(options) {
      await state.reserve(false);
      if ((await state.decide(planId, "reverting", options)) === "confirmed") return undefined;
      return revertPlan({ planId, clusterUuid, initial, touched, names, system, state });
    },

    async finish() {
      if (state.findVerdict(planId) !== "confirmed")
        throw problem("bug", "ending", `plan ${planId}`, "it was never confirmed over a new connection", "report this");
      state.append(planId, { event: "finished", at: new Date().toISOString() });
      await state.dropPoint(planId);
      if (wanted.length === 0) await state.forgetPoint(clusterUuid);
      if (input.repair === true && planToPoint(wanted, await observe()).length === 0) await state.unfreeze();
      await endPlan({ planId, clusterUuid, system, state }, { mayClean: true });
    },
  };
}

interface Start {
  system: HostSystem;
  state: StateDirectory;
  names: ReadonlySet<string>;
}

interface Begun {
  /** What is on the host. */
  initial: Map<string, Resource>;
  /** What will be there once the plan is confirmed. */
  wanted: Resource[];
}

/** What the plan begins from; the lock stays ours only when it may begin. */
async function lockAndCheck(input: BeginInput, { system, state, names }: Start): Promise<Begun> {
  const { planId, clusterUuid, address, operator, steps } = input;
  await refuseFrozen(input, state);
  await settleLeftover(system, state, operator);
  const since = new Date().toISOString();
  const other = await state.acquireLock({ planId, operator, since, pid: process.pid });
  if (other !== undefined) throw lockedBy(other);
  try {
    await state.forgetVerdict(planId);
    const snapshot = await system.observe();
    const initial = observeResources(snapshot, clusterUuid, names);
    if (fingerprintHost(initial, deriveFacts(snapshot, clusterUuid, input.address)) !== input.basis) {
      throw problem(
        "conflict",
        "starting",
        `plan ${planId}`,
        "our objects on this host have changed since the plan was made",
        "make a new plan",
      );
    }
    const foreign = findForeign(steps, initial);
    if (foreign !== undefined) {
      const why = `${foreign.key} is to be ${foreign.after === null ? "removed" : "changed"}, and nothing of ours has that name here`;
      throw problem("refused", "starting", `plan ${planId}`, why, "make a new plan");
    }
    const known = (await state.readPoints()).find((point) => point.clusterUuid === clusterUuid)?.resources;
    const wanted = deriveRestorePoint(initial, steps, known);
    await reserveRoom(planId, state);
    await state.preparePoint({ clusterUuid, address, planId, resources: wanted });
    state.append(planId, { event: "begin", at: since, operator, clusterUuid, address, steps, initial: [...initial.values()] });
    return { initial, wanted };
  } catch (error) {
    await state.dropPoint(planId);
    await state.reserve(false);
    await state.releaseLock(planId);
    throw error;
  }
}

export function lockedBy(other: LockHolder): SpanwireError {
  const why = `${other.operator} has been applying plan ${other.planId} since ${other.since}`;
  return problem("conflict", "locking", "the host", why, "wait until that is done, then plan again");
}

async function refuseFrozen({ planId, repair }: BeginInput, state: StateDirectory): Promise<void> {
  const frozen = repair === true ? undefined : await state.findFrozen();
  if (frozen === undefined) return;
  const why = `the host is frozen: going back from plan ${frozen.planId} did not fully work: ${frozen.remaining.join("; ")}`;
  throw problem("refused", "starting", `plan ${planId}`, why, "`spanwire apply --repair`, or put it right by hand and `spanwire unfreeze`");
}

/** A disk that fills up later must not keep the host from going back. */
async function reserveRoom(planId: string, state: StateDirectory): Promise<void> {
  await state.reserve(true).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOSPC" && error.code !== "EDQUOT" && error.code !== "EROFS") throw error;
    const why = `there is no room for a journal in the state directory (${error.message})`;
    throw problem("unsupported", "starting", `plan ${planId}`, why, "free some space on that host's disk");
  });
}

/** A step may start from what carries our mark here, or from what an earlier step of the same plan makes. */
function findForeign(steps: readonly Step[], initial: ReadonlyMap<string, Resource>): Step | undefined {
  const made = new Set<string>();
  return steps.find((step) => {
    if (step.before !== null && !initial.has(step.key) && !made.has(step.key)) return true;
    made.add(step.key);
    return false;
  });
}

interface Unmet {
  step: Step;
  why: string;
}

/** Read-back: exit status is no evidence. Of two steps on one key in a stage, the later one counts. */
function findUnmet(step: Step, all: readonly Step[], seen: ReadonlyMap<string, Resource>): Unmet[] {
  if (all.findLast((other) => other.key === step.key) !== step) return [];
  const now = seen.get(step.key);
  if (step.after === null) {
    const isStill = now !== undefined && (kindOf(now).isOwned?.(now) ?? true);
    return isStill ? [{ step, why: "it is still there" }] : [];
  }
  if (now === undefined) return kindOf(step.after).isEmpty?.(step.after) === true ? [] : [{ step, why: "it is not there" }];
  const differences = kindOf(step.after).compare(step.after, now);
  return differences.length === 0 ? [] : [{ step, why: differences.map((d) => `${d.field} is ${d.from}, not ${d.to}`).join("; ") }];
}

const DOING = { add: "adding", change: "changing", replace: "replacing", remove: "removing" } as const;

function unmetProblem(step: Step, why: string): Problem {
  return {
    kind: "command",
    doing: DOING[step.action],
    what: step.key,
    where: "",
    why: `the command succeeded, but reading back: ${why}`,
    try: "plan again, and look at what else changes this object",
  };
}

function failureProblem(steps: readonly Step[], unmet: Step | undefined, why: string): Problem {
  const step = unmet ?? steps[0];
  return {
    kind: "command",
    doing: step === undefined ? "running" : DOING[step.action],
    what: step?.key ?? "",
    where: "",
    why,
    try: "read the tool's message above; `spanwire plan` shows what is missing",
  };
}

function unmanaged(why: string): Problem {
  const advice = "look at what the plan does to routes and devices on that way";
  return { kind: "verify", doing: "checking", what: "the way this host is managed", where: "", why, try: advice };
}

function problem(kind: Problem["kind"], doing: string, what: string, why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind, doing, what, where: "", why, try: advice });
}
