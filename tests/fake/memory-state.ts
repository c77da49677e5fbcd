import type { LockHolder, StateDirectory } from "../../src/host/state-directory.ts";
import { SpanwireError } from "../../src/util/problem.ts";

export interface MemoryState extends StateDirectory {
  former: Record<string, string>;
  holder: LockHolder | undefined;
  journal: { planId: string; entry: Record<string, unknown> }[];
}

/** A host's state directory without a disk. */
export function createMemoryState(): MemoryState {
  const confirmed = new Set<string>();
  const state: MemoryState = {
    former: {},
    holder: undefined,
    journal: [],
    readFormer: async () => ({ ...state.former }),
    writeFormer: async (former) => void (state.former = { ...former }),
    acquireLock: async (holder) => {
      if (state.holder !== undefined) return state.holder;
      state.holder = holder;
      confirmed.delete(holder.planId);
      return undefined;
    },
    findLock: async () => state.holder,
    releaseLock: async (planId) => {
      if (state.holder?.planId === planId) state.holder = undefined;
    },
    append: (planId, entry) => void state.journal.push({ planId, entry: entry as Record<string, unknown> }),
    confirm: async (planId) => {
      if (state.holder?.planId !== planId) {
        throw new SpanwireError({
          kind: "conflict",
          doing: "confirming",
          what: `plan ${planId}`,
          where: "",
          why: "it is not under way on this host",
          try: "plan again",
        });
      }
      confirmed.add(planId);
    },
    isConfirmed: (planId) => confirmed.has(planId),
    findLastPlan: async () => undefined,
    clean: async (everything) => {
      if (everything) Object.assign(state, { former: {}, journal: [] });
    },
  };
  return state;
}
