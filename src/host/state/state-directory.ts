import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { claimLock, findLock, releaseLock, type LockHolder } from "./claim-lock.ts";
import { clearGuard, clearGuards } from "../guard/guard-files.ts";
import { appendToJournal, findLastPlan, readJournal, removeOldJournals, type JournalEntry, type LastPlan } from "./journal.ts";
import { readJsonFile } from "./read-json-file.ts";
import { openKeyFiles, type KeyFiles } from "./key-files.ts";
import { openRestorePoints, type RestorePoints } from "./restore-point-files.ts";
import { decideVerdict, findVerdict, type Verdict } from "../guard/verdict.ts";
import { writeAtomically } from "../../util/write-atomically.ts";

/**
 * What a host must remember, and nothing that can be observed: former values of foreign settings, who holds the lock,
 * a journal per plan, and what was confirmed. Directories 0700, files 0600.
 *
 *   former.json               sysctl key -> value before our first write
 *   lock.json                 the plan being applied, by whom, since when, in which process
 *   journal/PLAN.jsonl        intent before each batch, result after it
 *   journal/PLAN.verdict      confirmed (over a new connection) or reverting: whichever came first
 *   confirmed/                what the boot unit builds from (restore-point-files.ts)
 *   keys/                     private halves of this host's keys (key-files.ts)
 *   deadline                  until when the plan under way must be confirmed (guard.ts)
 *   frozen.json               a revert that did not fully work: nothing more is changed until somebody looked
 *   reserve                   room for the revert when the disk is full
 */
export interface StateDirectory extends RestorePoints, KeyFiles {
  readFormer(): Promise<Record<string, string>>;
  writeFormer(former: Readonly<Record<string, string>>): Promise<void>;
  acquireLock(holder: LockHolder): Promise<LockHolder | undefined>;
  releaseLock(planId: string): Promise<void>;
  findLock(): Promise<LockHolder | undefined>;
  /** On disk when it returns. */
  append(planId: string, entry: object): void;
  /** Since the plan last began. */
  readJournal(planId: string): JournalEntry[];
  /** Drops what it says so far. */
  clearJournal(planId: string): Promise<void>;
  /** The one decision about a plan: the first one counts, and comes back. */
  decide(planId: string, verdict: Verdict, options?: { overrule: boolean }): Promise<Verdict>;
  findVerdict(planId: string): Verdict | undefined;
  /** A plan is named by its content, so the same one may come again: it is undecided then. */
  forgetVerdict(planId: string): Promise<void>;
  findLastPlan(): Promise<LastPlan | undefined>;
  freeze(frozen: Frozen): Promise<void>;
  findFrozen(): Promise<Frozen | undefined>;
  unfreeze(): Promise<void>;
  /** Sets room aside (true) or gives it back (false). */
  reserve(wanted: boolean): Promise<void>;
  /** Drops what guards have left: at boot, when none of them lives. */
  clearGuard(planId: string): Promise<void>;
  /** Of all plans: the machine has started anew. */
  clearGuards(): Promise<void>;
  /** Old journals go; with `everything`, so does the directory. */
  clean(everything: boolean): Promise<void>;
}

/** Why a host takes no further plan. */
export interface Frozen {
  planId: string;
  since: string;
  /** What still differs from before that plan. */
  remaining: readonly string[];
}

export type { LockHolder };

export const DEFAULT_STATE_DIRECTORY = "/var/lib/spanwire";
/** A revert's journal and its small files take a few kilobytes; a flood list of a thousand hosts some more. */
const RESERVE_BYTES = 256 * 1024;

export function openStateDirectory(root: string): StateDirectory {
  const journals = join(root, "journal");
  const verdict = (planId: string): string => join(journals, `${planId}.verdict`);
  const [former, lock, frozen, reserve] = ["former.json", "lock.json", "frozen.json", "reserve"].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  const prepare = (): Promise<unknown> => mkdir(journals, { recursive: true, mode: 0o700 });

  return {
    ...openRestorePoints(root),
    ...openKeyFiles(root),
    readFormer: async () => (await readJsonFile<Record<string, string>>(former)) ?? {},

    async writeFormer(values) {
      await prepare();
      if (Object.keys(values).length === 0) return rm(former, { force: true });
      await writeAtomically(former, JSON.stringify(values, null, 2));
    },

    async acquireLock(holder) {
      await prepare();
      return claimLock(lock, holder);
    },
    releaseLock: (planId) => releaseLock(lock, planId),
    findLock: () => findLock(lock),
    append: (planId, entry) => appendToJournal(journals, planId, entry),
    readJournal: (planId) => readJournal(journals, planId),
    clearJournal: (planId) => rm(join(journals, `${planId}.jsonl`), { force: true }),
    decide: (planId, wanted, options) => decideVerdict(verdict(planId), wanted, options?.overrule ?? false),
    findVerdict: (planId) => findVerdict(verdict(planId)),
    forgetVerdict: (planId) => rm(verdict(planId), { force: true }),
    findLastPlan: () => findLastPlan(journals),

    async freeze(why) {
      await prepare();
      await writeAtomically(frozen, JSON.stringify(why, null, 2));
    },
    findFrozen: () => readJsonFile<Frozen>(frozen),
    unfreeze: () => rm(frozen, { force: true }),

    async reserve(wanted) {
      if (!wanted) return rm(reserve, { force: true });
      const handle = await open(reserve, "w", 0o600);
      try {
        await handle.writeFile(Buffer.alloc(RESERVE_BYTES, 1));
        await handle.sync();
      } finally {
        await handle.close();
      }
    },

    clearGuard: (planId) => clearGuard(root, planId),
    clearGuards: () => clearGuards(root),

    async clean(everything) {
      if (everything) return rm(root, { recursive: true, force: true });
      await removeOldJournals(journals);
    },
  };
}
