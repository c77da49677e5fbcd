import { SpanwireError } from "../../model/problem.ts";
import type { Handlers } from "../../rpc/methods.ts";
import type { Guard } from "../guard/guard.ts";
import type { HostSystem } from "../execute/host-system.ts";
import type { RevertResult } from "./revert-plan.ts";
import type { StateDirectory } from "../state/state-directory.ts";
import { beginParams, planParams, stageParams } from "./step-schema.ts";
import { beginTransaction, type Transaction } from "./transaction.ts";

export interface PlanMethods {
  methods: Pick<Handlers, "begin" | "runStage" | "revert" | "finish">;
  /** How long the plan under way may hear nothing; undefined when there is none. */
  patienceMs(): number | undefined;
  /** The controller is alive: its plan's deadline moves, and never back. */
  extend(): void;
  /** Undoes the plan under way, unless it was confirmed. */
  goBack(): Promise<void>;
}

export interface PlanMethodsInput {
  system: HostSystem;
  state: StateDirectory;
  /** Absent in tests that need none. */
  guard: Guard | undefined;
  /** When a plan does not say. */
  confirmWithinMs: number;
}

/** The life of a plan in one conversation: at most one at a time, begun and ended here, confirmed from another. */
export function createPlanMethods({ system, state, guard, ...defaults }: PlanMethodsInput): PlanMethods {
  let active: (Transaction & { withinMs: number }) | undefined;
  const requireActive = (planId: string): Transaction => {
    if (active?.planId === planId) return active;
    throw conflict("continuing", planId, "this conversation did not begin it, or it has gone back meanwhile", "apply again");
  };
  /** The way back this program has taken by itself: who asks for it later hears how it went. */
  let wayBack: { planId: string; result: Promise<RevertResult | undefined> } | undefined;
  const end = async (planId: string): Promise<void> => {
    active = undefined;
    await guard?.disarm(planId);
  };

  const begin = async (params: unknown): Promise<object> => {
    const { confirmWithinMs: withinMs = defaults.confirmWithinMs, ...input } = beginParams.parse(params);
    if (active !== undefined)
      throw conflict("beginning another plan beside", active.planId, "it is under way in this conversation", "wait for it");
    const transaction = await beginTransaction(input, system, state, (estimateMs) => guard?.renew(input.planId, withinMs + estimateMs));
    try {
      await guard?.arm(input.planId, withinMs);
    } catch (error) {
      await transaction.revert({ overrule: false });
      throw error;
    }
    active = { ...transaction, withinMs };
    return {};
  };

  return {
    patienceMs: () => active?.withinMs,
    extend: () => (active === undefined ? undefined : guard?.extend(active.planId, active.withinMs)),
    async goBack() {
      if (active === undefined || state.findVerdict(active.planId) === "confirmed") return;
      const undo = active;
      active = undefined;
      wayBack = { planId: undo.planId, result: undo.revert({ overrule: false }) };
      await wayBack.result;
      await guard?.disarm(undo.planId);
    },
    methods: {
      begin,
      runStage: async (params) => {
        const { planId, stage } = stageParams.parse(params);
        return requireActive(planId).runStage(stage);
      },
      revert: async (params) => {
        const { planId } = planParams.parse(params);
        if (wayBack?.planId === planId) return wayBack.result;
        const result = await requireActive(planId).revert({ overrule: true });
        await end(planId);
        return result;
      },
      finish: async (params) => {
        const { planId } = planParams.parse(params);
        await requireActive(planId).finish();
        await end(planId);
        return {};
      },
    },
  };
}

export function conflict(doing: string, planId: string, why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind: "conflict", doing, what: `plan ${planId}`, where: "", why, try: advice });
}
