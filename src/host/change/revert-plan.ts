import { batchSteps } from "../../plan/compare/batch-steps.ts";
import { planRevert } from "../../plan/compare/plan-revert.ts";
import type { Step } from "../../model/step.ts";
import { observeResources } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import { endPlan } from "./end-plan.ts";
import type { HostSystem } from "../execute/host-system.ts";
import { runBatches } from "../execute/run-batches.ts";
import type { StateDirectory } from "../state/state-directory.ts";

export interface RevertResult {
  ok: boolean;
  undone: number;
  /** What still differs from before; empty when `ok`. */
  remaining: readonly string[];
}

export interface RevertInput {
  planId: string;
  clusterUuid: string;
  /** What was there before the plan. */
  initial: ReadonlyMap<string, Resource>;
  /** Keys of the steps that may have run. */
  touched: ReadonlySet<string>;
  /** Links that are ours by their name. */
  names: ReadonlySet<string>;
  system: HostSystem;
  state: StateDirectory;
}

const REVERT_ATTEMPTS = 3;

/**
 * Brings the host back to what was observed at the plan's beginning, whoever does it: the host program that began, the
 * guard after its deadline, or the next plan that finds this one cut off. A host where that did not fully work is frozen.
 */
export async function revertPlan(input: RevertInput): Promise<RevertResult> {
  const { planId, system, state } = input;
  let undone = 0;
  let failure: string | undefined;
  await state.takeBackPoint(planId, input.clusterUuid);
  let left = await planRest(input);
  // again, because one undo may take along what another was to undo (a bridge's new MAC its neighbours)
  for (let attempt = 0; attempt < REVERT_ATTEMPTS && left.length > 0; attempt++) {
    for (const { before, after } of left) if (before?.kind === "docker-network" && after === null) await system.evictMembers?.(before.name);
    failure = (await runBatches(batchSteps(left), { planId, phase: "revert", system, state, tryAll: true })).failure;
    const before = left.length;
    left = await planRest(input);
    undone += before - left.length;
  }
  const remaining = left.map(describeRest);
  const ok = remaining.length === 0;
  state.append(planId, { event: ok ? "reverted" : "revert-incomplete", remaining, why: failure ?? "" });
  if (!ok) await state.freeze({ planId, since: new Date().toISOString(), remaining });
  await state.dropPoint(planId);
  await endPlan(input, { mayClean: ok });
  return { ok, undone, remaining };
}

/** What still has to be undone. */
export async function planRest({ clusterUuid, names, initial, touched, system }: Omit<RevertInput, "state" | "planId">): Promise<Step[]> {
  return planRevert(initial, observeResources(await system.observe(), clusterUuid, names), touched);
}

export function describeRest(step: Step): string {
  return `${step.key}: ${step.differences.map((d) => `${d.field} ${d.from} instead of ${d.to}`).join(", ") || step.action}`;
}
