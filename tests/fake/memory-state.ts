import { createHash } from "node:crypto";
import { RESTORE_JOURNAL, type JournalEntry } from "../../src/host/state/journal.ts";
import type { Frozen, LockHolder, StateDirectory } from "../../src/host/state/state-directory.ts";
import type { Verdict } from "../../src/host/guard/verdict.ts";
import type { RestorePoint } from "../../src/plan/compile/restore-point.ts";

export interface MemoryState extends StateDirectory {
  former: Record<string, string>;
  /** Undefined also stands for a holder whose process is gone. */
  holder: LockHolder | undefined;
  journal: { planId: string; entry: JournalEntry }[];
  frozen: Frozen | undefined;
  points: Map<string, RestorePoint>;
  /** Public halves of WireGuard keys by cluster. */
  keys: Map<string, readonly string[]>;
}

const END_EVENTS = new Set(["finished", "reverted", "revert-incomplete"]);

/** A host's state directory without a disk. Its keys are a hash over its name. */
export function createMemoryState(name = ""): MemoryState {
  let made = 0;
  const verdicts = new Map<string, Verdict>();
  const pending = new Map<string, RestorePoint>();
  const replaced = new Map<string, RestorePoint | null>();
  const readJournal = (planId: string): JournalEntry[] => {
    const mine = state.journal.filter((line) => line.planId === planId).map(({ entry }) => structuredClone(entry));
    return mine.slice(
      Math.max(
        mine.findLastIndex((entry) => entry.event === "begin"),
        0,
      ),
    );
  };
  const state: MemoryState = {
    ...{ former: {}, holder: undefined, journal: [], frozen: undefined, points: new Map(), keys: new Map() },
    readFormer: async () => ({ ...state.former }),
    writeFormer: async (former) => void (state.former = { ...former }),
    acquireLock: async (holder) => {
      if (state.holder !== undefined) return state.holder;
      state.holder = holder;
      return undefined;
    },
    findLock: async () => state.holder,
    releaseLock: async (planId) => {
      if (state.holder?.planId === planId) state.holder = undefined;
    },
    append: (planId, entry) => void state.journal.push({ planId, entry: entry as JournalEntry }),
    readJournal,
    clearJournal: async (planId) => void (state.journal = state.journal.filter((line) => line.planId !== planId)),
    decide: async (planId, wanted, options) => {
      const verdict = options?.overrule === true ? wanted : (verdicts.get(planId) ?? wanted);
      verdicts.set(planId, verdict);
      return verdict;
    },
    findVerdict: (planId) => verdicts.get(planId),
    forgetVerdict: async (planId) => void verdicts.delete(planId),
    findLastPlan: async () => {
      const planId = state.journal.findLast((line) => line.planId !== RESTORE_JOURNAL)?.planId;
      if (planId === undefined) return undefined;
      return { planId, state: readJournal(planId).findLast(({ event }) => END_EVENTS.has(event))?.event ?? "unfinished" };
    },
    freeze: async (frozen) => void (state.frozen = frozen),
    findFrozen: async () => state.frozen,
    unfreeze: async () => void (state.frozen = undefined),
    reserve: async () => {},
    clearGuard: async () => {},
    clearGuards: async () => {},
    readPoints: async () => [...state.points.values()],
    preparePoint: async (point) => void pending.set(point.planId, structuredClone(point)),
    keepPoint: async (planId) => {
      const point = pending.get(planId);
      if (point === undefined) return;
      replaced.set(planId, state.points.get(point.clusterUuid) ?? null);
      state.points.set(point.clusterUuid, point);
      pending.delete(planId);
    },
    takeBackPoint: async (planId, clusterUuid) => {
      const known = replaced.get(planId);
      if (known === undefined) return;
      if (known === null) state.points.delete(clusterUuid);
      else state.points.set(clusterUuid, known);
    },
    dropPoint: async (planId) => {
      pending.delete(planId);
      replaced.delete(planId);
    },
    makeWireguardKey: async (clusterUuid) => {
      const key = createHash("sha256").update(`${name} ${made++} ${clusterUuid}`).digest("base64");
      state.keys.set(clusterUuid, [...(state.keys.get(clusterUuid) ?? []), key].sort());
      return key;
    },
    readWireguardKeys: async () => Object.fromEntries(state.keys),
    wireguardKeyPath: (clusterUuid, publicKey) => `/var/lib/spanwire/keys/${clusterUuid}/${publicKey}`,
    keepKeys: async (clusterUuid, kept) => {
      const left = (state.keys.get(clusterUuid) ?? []).filter((key) => kept.has(key));
      if (left.length === 0) state.keys.delete(clusterUuid);
      else state.keys.set(clusterUuid, left);
    },
    forgetPoint: async (clusterUuid) => void state.points.delete(clusterUuid),
    clean: async (everything) => {
      if (!everything) return;
      Object.assign(state, { former: {}, journal: [], frozen: undefined, holder: undefined });
      state.points.clear();
      state.keys.clear();
    },
  };
  return state;
}
