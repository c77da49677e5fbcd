import { z } from "zod";
import { SpanwireError } from "../../model/problem.ts";
import type { Handlers } from "../../rpc/methods.ts";
import type { HostSystem } from "../execute/host-system.ts";
import type { JournalEntry } from "../state/journal.ts";
import { conflict } from "../change/plan-methods.ts";
import { describeRest, planRest } from "../change/revert-plan.ts";
import { settleLeftover } from "../change/settle-leftover.ts";
import { readPlan } from "../change/settle-plan.ts";
import type { LockHolder, StateDirectory } from "../state/state-directory.ts";
import { offerParams, planParams } from "../change/step-schema.ts";

/** A plan that waits for somebody's word. */
export interface PendingPlan {
  planId: string;
  operator: string;
  since: string;
  /** Everything before the confirm was done and measured, and a person is asked (`spanwire try`). */
  offered: boolean;
  /** All hosts of the plan: it is kept on all of them, or on none. */
  hosts: readonly string[];
  verdict: string;
}

/** What is left of plans that others began: settled, confirmed by a second terminal, looked at after a failed revert. */
export function createRecoveryMethods(
  system: HostSystem,
  state: StateDirectory,
): Pick<Handlers, "settle" | "confirm" | "offer" | "pending" | "confirmed" | "unfreeze"> {
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
      const { planId, hosts } = offerParams.parse(params);
      if ((await state.findLock())?.planId === planId) state.append(planId, { event: "offered", at: new Date().toISOString(), hosts });
      return {};
    },
    pending: async () => {
      const holder = await state.findLock();
      if (holder === undefined) return {};
      const { planId, operator, since } = holder;
      const offer = findOffer(holder, state);
      const hosts = z.array(z.string()).safeParse(offer?.["hosts"]).data ?? [];
      return {
        planId,
        operator,
        since,
        offered: offer !== undefined,
        hosts,
        verdict: state.findVerdict(planId) ?? "",
      } satisfies PendingPlan;
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

/** Of this attempt: the same plan may have been offered before, and between the lock and its beginning there is no journal. */
function findOffer({ planId, since }: LockHolder, state: StateDirectory): JournalEntry | undefined {
  try {
    const [begin, ...entries] = state.readJournal(planId);
    return begin?.["at"] === since ? entries.findLast(({ event }) => event === "offered") : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
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
