import type { HostSystem } from "../execute/host-system.ts";
import type { RevertResult } from "./revert-plan.ts";
import { settlePlan } from "./settle-plan.ts";
import type { StateDirectory } from "../state/state-directory.ts";

export interface Settled extends RevertResult {
  planId: string;
}

/**
 * Ends the last plan when it was cut off and its host program is gone: what the guard would do at its deadline, done now.
 * Undefined when there is none, or somebody is still at it.
 */
export async function settleLeftover(system: HostSystem, state: StateDirectory, operator: string): Promise<Settled | undefined> {
  const last = await state.findLastPlan();
  if (last?.state !== "unfinished") return undefined;
  const { planId } = last;
  const other = await state.acquireLock({ planId, operator, since: new Date().toISOString(), pid: process.pid });
  if (other !== undefined) return undefined;
  const reverted = await settlePlan(planId, system, state);
  return reverted === undefined ? undefined : { planId, ...reverted };
}
