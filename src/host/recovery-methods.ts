import { z } from "zod";
import { SpanwireError } from "../util/problem.ts";
import type { HostSystem } from "./host-system.ts";
import { conflict } from "./plan-methods.ts";
import { describeRest, planRest } from "./revert-plan.ts";
import { settleLeftover } from "./settle-leftover.ts";
import { readPlan } from "./settle-plan.ts";
import type { StateDirectory } from "./state-directory.ts";
import { planParams } from "./step-schema.ts";

/** A plan that waits for somebody's word. */
export interface PendingPlan {
  planId: string;
  operator: string;
  since: string;
  /** Everything before the confirm was done and measured, and a person is asked (`spanwire try`). */
  offered: boolean;
  verdict: string;
}

/** What is left of plans that others began: settled, confirmed by a second terminal, looked at after a failed revert. */
export function createRecoveryMethods(
  system: HostSystem,
  state: StateDirectory,
): Readonly<Record<string, (params: unknown) => Promise<unknown>>> {
  return {
    /** Ends a plan that was cut off, when nobody is at it any more. */
    settle: async (params) => {
      const { operator } = z.strictObject({ operator: z.string().max(256) }).parse(params);
      return (await settleLeftover(system, state, operator)) ?? {};
    },
    confirm: async (params) => {
      const { planId } = planParams.parse(params);
      const gone = conflict("confirming", planId, "it is not under way here: it has gone back, or never began", "plan again");
      if ((await state.findLock())?.planId !== planId) throw gone;
      if ((await state.decide(planId, "confirmed")) !== "confirmed") throw gone;
      await state.keepPoint(planId);
      return {};
    },
    offer: async (params) => {
      const { planId } = planParams.parse(params);
      if ((await state.findLock())?.planId === planId) state.append(planId, { event: "offered", at: new Date().toISOString() });
      return {};
    },
    pending: async () => {
      const holder = await state.findLock();
      if (holder === undefined) return {};
      const { planId, operator, since } = holder;
      const offered = state.readJournal(planId).some(({ event }) => event === "offered");
      return { planId, operator, since, offered, verdict: state.findVerdict(planId) ?? "" } satisfies PendingPlan;
    },
    /** What the host was last confirmed to be for a cluster. */
    confirmed: async (params) => {
      const { clusterUuid } = z.strictObject({ clusterUuid: z.uuid() }).parse(params);
      return (await state.readPoints()).find((point) => point.clusterUuid === clusterUuid) ?? {};
    },
    unfreeze: async () => {
      const frozen = await state.findFrozen();
      if (frozen === undefined) return { wasFrozen: false };
      const plan = readPlan(frozen.planId, system, state);
      const remaining = plan === undefined ? [] : (await planRest(plan)).map(describeRest);
      if (remaining.length > 0) throw stillDiffers(frozen.planId, remaining);
      await state.unfreeze();
      return { wasFrozen: true };
    },
  };
}

function stillDiffers(planId: string, remaining: readonly string[]): SpanwireError {
  return new SpanwireError({
    kind: "refused",
    doing: "unfreezing",
    what: "the host",
    where: "",
    why: `it is still not as it was before plan ${planId}: ${remaining.join("; ")}`,
    try: "put that right by hand, or let `spanwire apply --repair` make the host as the file says",
  });
}
