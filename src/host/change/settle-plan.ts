import type { Step } from "../../model/step.ts";
import { linkNames } from "../../kinds/index.ts";
import { keyOf } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import { endPlan } from "./end-plan.ts";
import type { HostSystem } from "../execute/host-system.ts";
import type { JournalEntry } from "../state/journal.ts";
import { revertPlan, type RevertInput, type RevertResult } from "./revert-plan.ts";
import type { StateDirectory } from "../state/state-directory.ts";

/**
 * Ends a plan whose host program is gone, from its journal alone: a confirmed one counts, any other goes back. The
 * caller holds the lock. How far a half-done batch got does not matter: the host is observed.
 */
export async function settlePlan(planId: string, system: HostSystem, state: StateDirectory): Promise<RevertResult | undefined> {
  const plan = readPlan(planId, system, state);
  // cut off while its beginning was written: nothing had been done
  if (plan === undefined) return settleNothing(planId, state);
  if ((await state.decide(planId, "reverting")) === "confirmed") {
    await state.keepPoint(planId);
    state.append(planId, { event: "finished", at: new Date().toISOString(), why: "settled after the host program was gone" });
    await state.dropPoint(planId);
    await endPlan(plan, { mayClean: false });
    return undefined;
  }
  await state.reserve(false);
  return revertPlan(plan);
}

async function settleNothing(planId: string, state: StateDirectory): Promise<undefined> {
  state.append(planId, { event: "reverted", remaining: [], why: "cut off before its first step" });
  await state.dropPoint(planId);
  await state.reserve(false);
  await state.releaseLock(planId);
}

/** Undefined when the plan never got as far as its first step. */
export function readPlan(planId: string, system: HostSystem, state: StateDirectory): RevertInput | undefined {
  const entries = state.readJournal(planId);
  const begin = entries.find(isBegin);
  if (begin === undefined) return undefined;
  const stages = new Set(entries.flatMap((entry) => (entry.event === "intent" ? [String(entry["phase"])] : [])));
  return {
    ...{ planId, system, state, clusterUuid: begin.clusterUuid },
    initial: new Map(begin.initial.map((resource) => [keyOf(resource), resource])),
    touched: new Set(begin.steps.flatMap((step) => (stages.has(step.stage) ? [step.key] : []))),
    names: namesOf(begin.steps),
  };
}

/** A link that a failed batch left without its mark is ours by its name. */
export function namesOf(steps: readonly Pick<Step, "before" | "after">[]): Set<string> {
  return linkNames(steps.flatMap((step) => [step.before, step.after].filter((resource) => resource !== null)));
}

interface BeginEntry extends JournalEntry {
  clusterUuid: string;
  steps: Step[];
  initial: Resource[];
}

const isBegin = (entry: JournalEntry): entry is BeginEntry => entry.event === "begin" && Array.isArray(entry["initial"]);
