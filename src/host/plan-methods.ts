import { SpanwireError } from "../util/problem.ts";
import type { HostSystem } from "./host-system.ts";
import type { StateDirectory } from "./state-directory.ts";
import { beginParams, planParams, stageParams } from "./step-schema.ts";
import { beginTransaction, type Transaction } from "./transaction.ts";

export interface PlanMethods {
  methods: Readonly<Record<string, (params: unknown) => Promise<unknown>>>;
  isActive(): boolean;
  /** Undoes the plan under way, unless it was confirmed. */
  goBack(): Promise<void>;
}

/** The life of a plan in one conversation: at most one at a time, begun and ended here, confirmed from another. */
export function createPlanMethods(system: HostSystem, state: StateDirectory): PlanMethods {
  let active: Transaction | undefined;
  const requireActive = (planId: string): Transaction => {
    if (active?.planId === planId) return active;
    throw conflict("continuing", planId, "this conversation did not begin it", "apply again");
  };
  return {
    isActive: () => active !== undefined,
    async goBack() {
      if (active === undefined || state.isConfirmed(active.planId)) return;
      const undo = active;
      active = undefined;
      await undo.revert();
    },
    methods: {
      begin: async (params) => {
        if (active !== undefined)
          throw conflict("beginning another plan beside", active.planId, "it is under way in this conversation", "wait for it");
        active = await beginTransaction(beginParams.parse(params), system, state);
        return {};
      },
      runStage: async (params) => {
        const { planId, stage } = stageParams.parse(params);
        return requireActive(planId).runStage(stage);
      },
      revert: async (params) => {
        const result = await requireActive(planParams.parse(params).planId).revert();
        active = undefined;
        return result;
      },
      confirm: async (params) => {
        const { planId } = planParams.parse(params);
        const holder = await state.findLock();
        if (holder?.planId !== planId)
          throw conflict("confirming", planId, "it is not under way here: it has gone back, or never began", "plan again");
        await state.confirm(planId);
        return {};
      },
      finish: async (params) => {
        await requireActive(planParams.parse(params).planId).finish();
        active = undefined;
        return {};
      },
    },
  };
}

function conflict(doing: string, planId: string, why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind: "conflict", doing, what: `plan ${planId}`, where: "", why, try: advice });
}
