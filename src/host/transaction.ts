import { fingerprintHost } from "../plan/fingerprint.ts";
import { deriveFacts } from "../plan/facts.ts";
import { batchSteps, type Batch } from "../plan/batch-steps.ts";
import { planRevert } from "../plan/plan-revert.ts";
import type { Stage, Step } from "../plan/step.ts";
import { linkNames } from "../resources/claim-links.ts";
import { kindOf, observeResources } from "../resources/index.ts";
import type { Resource } from "../resources/resource.ts";
import { SpanwireError, type Problem } from "../util/problem.ts";
import type { HostSystem } from "./host-system.ts";
import type { StateDirectory } from "./state-directory.ts";

export interface BeginInput {
  planId: string;
  clusterUuid: string;
  /** This host's underlay address. */
  address: string;
  /** What the plan was made from; anything else is a stale plan. */
  basis: string;
  operator: string;
  steps: readonly Step[];
}

export interface StageResult {
  ok: boolean;
  /** Steps whose result was seen on the host. */
  done: readonly string[];
  problems: readonly Problem[];
  notes: readonly string[];
}

export interface RevertResult {
  ok: boolean;
  undone: number;
  /** What still differs from before; empty when `ok`. */
  remaining: readonly string[];
}

export interface Transaction {
  readonly planId: string;
  runStage(stage: Stage): Promise<StageResult>;
  revert(): Promise<RevertResult>;
  /** Ends the plan; throws unless it was confirmed over another conversation. */
  finish(): Promise<void>;
}

/**
 * One plan on one host. Every batch is journalled before and after, every stage ends with an observation, and a revert
 * aims at what was observed at the beginning: so it does not matter how far a failed batch got.
 */
export async function beginTransaction(input: BeginInput, system: HostSystem, state: StateDirectory): Promise<Transaction> {
  const { planId, clusterUuid, steps } = input;
  // a link that a failed batch left without its mark is ours by its name
  const names = linkNames(steps.flatMap((step) => [step.before, step.after].filter((resource) => resource !== null)));
  const observe = async (): Promise<Map<string, Resource>> => observeResources(await system.observe(), clusterUuid, names);
  const initial = await lockAndCheck(input, { system, state, names });
  const runBatches = createBatchRunner(planId, system, state);
  const touched = new Set<string>();

  return {
    planId,

    async runStage(stage) {
      if (stage === "remove" && !state.isConfirmed(planId)) {
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
      const { failure, notes } = await runBatches(batchSteps(mine), stage);
      const seen = await observe();
      const wrong = mine.flatMap((step) => findUnmet(step, mine, seen));
      const done = mine.filter((step) => wrong.every((unmet) => unmet.step !== step)).map((step) => step.id);
      const problems =
        failure === undefined ? wrong.map(({ step, why }) => unmetProblem(step, why)) : [failureProblem(mine, wrong[0]?.step, failure)];
      return { ok: problems.length === 0, done, problems, notes };
    },

    async revert() {
      let undone = 0;
      let failure: string | undefined;
      let left = planRevert(initial, await observe(), touched);
      // again, because one undo may take along what another was to undo (a bridge's new MAC its neighbours)
      for (let attempt = 0; attempt < REVERT_ATTEMPTS && left.length > 0; attempt++) {
        failure = (await runBatches(batchSteps(left), "revert")).failure;
        const before = left.length;
        left = planRevert(initial, await observe(), touched);
        undone += before - left.length;
      }
      const remaining = left.map(
        (step) => `${step.key}: ${step.differences.map((d) => `${d.field} ${d.from} instead of ${d.to}`).join(", ") || step.action}`,
      );
      const ok = remaining.length === 0;
      state.append(planId, { event: ok ? "reverted" : "revert-incomplete", remaining, why: failure ?? "" });
      await endPlan(planId, state, ok && isClean(await system.observe(), clusterUuid));
      return { ok, undone, remaining };
    },

    async finish() {
      if (!state.isConfirmed(planId))
        throw problem("bug", "ending", `plan ${planId}`, "it was never confirmed over a new connection", "report this");
      state.append(planId, { event: "finished", at: new Date().toISOString() });
      await endPlan(planId, state, isClean(await system.observe(), clusterUuid));
    },
  };
}

const REVERT_ATTEMPTS = 3;

interface Start {
  system: HostSystem;
  state: StateDirectory;
  names: ReadonlySet<string>;
}

/** What is on the host, when the plan may begin; the lock stays ours only then. */
async function lockAndCheck(input: BeginInput, { system, state, names }: Start): Promise<Map<string, Resource>> {
  const { planId, clusterUuid, operator, steps } = input;
  const since = new Date().toISOString();
  const other = await state.acquireLock({ planId, operator, since, pid: process.pid });
  if (other !== undefined) {
    throw problem(
      "conflict",
      "locking",
      "the host",
      `${other.operator} has been applying plan ${other.planId} since ${other.since}`,
      "wait until that is done, then plan again",
    );
  }
  try {
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
    state.append(planId, { event: "begin", at: since, operator, clusterUuid, steps });
    return initial;
  } catch (error) {
    await state.releaseLock(planId);
    throw error;
  }
}

type BatchRunner = (batches: readonly Batch[], phase: string) => Promise<{ failure: string | undefined; notes: string[] }>;

/** Intent before each batch, result after it; the first that fails ends the run. */
function createBatchRunner(planId: string, system: HostSystem, state: StateDirectory): BatchRunner {
  return async (batches, phase) => {
    const notes: string[] = [];
    for (const [index, batch] of batches.entries()) {
      const stepIds = [...new Set(batch.items.map((item) => item.stepId))];
      state.append(planId, { event: "intent", phase, batch: index, tool: batch.tool, steps: stepIds });
      const result = await system.execute(batch);
      state.append(planId, { event: "result", phase, batch: index, ok: result.ok, why: result.why });
      notes.push(...result.notes);
      if (!result.ok) return { failure: result.why, notes };
    }
    return { failure: undefined, notes };
  };
}

async function endPlan(planId: string, state: StateDirectory, clean: boolean): Promise<void> {
  await state.releaseLock(planId);
  await state.clean(clean);
}

/** Nothing of any cluster is left, so neither is our directory. */
function isClean(snapshot: Awaited<ReturnType<HostSystem["observe"]>>, clusterUuid: string): boolean {
  const owned = [...observeResources(snapshot, clusterUuid).values()].filter((resource) => kindOf(resource).isOwned?.(resource) ?? true);
  const others = snapshot.links.some((link) => link.alias.startsWith("spanwire,"));
  return owned.length === 0 && !others && Object.keys(snapshot.former).length === 0;
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

function problem(kind: Problem["kind"], doing: string, what: string, why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind, doing, what, where: "", why, try: advice });
}
