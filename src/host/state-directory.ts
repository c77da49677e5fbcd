import { appendFileSync, existsSync, fsyncSync, openSync, closeSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { claimLock, type LockHolder } from "./claim-lock.ts";
import { readJsonFile } from "./read-json-file.ts";

/**
 * What a host must remember, and nothing that can be observed: former values of foreign settings, who holds the lock,
 * and a journal per plan. Directory 0700, files 0600.
 *
 *   former.json               sysctl key -> value before our first write
 *   lock.json                 the plan being applied, by whom, since when, in which process
 *   journal/PLAN.jsonl        intent before each batch, result after it
 *   journal/PLAN.confirmed    made by a confirm over a new connection
 */
export interface StateDirectory {
  readFormer(): Promise<Record<string, string>>;
  writeFormer(former: Readonly<Record<string, string>>): Promise<void>;
  acquireLock(holder: LockHolder): Promise<LockHolder | undefined>;
  releaseLock(planId: string): Promise<void>;
  findLock(): Promise<LockHolder | undefined>;
  /** On disk when it returns. */
  append(planId: string, entry: object): void;
  confirm(planId: string): Promise<void>;
  isConfirmed(planId: string): boolean;
  findLastPlan(): Promise<{ planId: string; state: string } | undefined>;
  /** Old journals go; with `everything`, so does the directory. */
  clean(everything: boolean): Promise<void>;
}

export type { LockHolder };

const KEPT_JOURNALS = 10;
export const DEFAULT_STATE_DIRECTORY = "/var/lib/spanwire";

export function openStateDirectory(root: string): StateDirectory {
  const journals = join(root, "journal");
  const journal = (planId: string): string => join(journals, `${planId}.jsonl`);
  const confirmed = (planId: string): string => join(journals, `${planId}.confirmed`);
  const lockFile = join(root, "lock.json");
  const prepare = (): Promise<unknown> => mkdir(journals, { recursive: true, mode: 0o700 });

  return {
    readFormer: async () => (await readJsonFile<Record<string, string>>(join(root, "former.json"))) ?? {},

    async writeFormer(former) {
      await prepare();
      if (Object.keys(former).length === 0) return rm(join(root, "former.json"), { force: true });
      await writeAtomically(join(root, "former.json"), JSON.stringify(former, null, 2));
    },

    async acquireLock(holder) {
      await prepare();
      const other = await claimLock(lockFile, holder);
      // a plan is named by its content, so the same one may come again: it is not confirmed yet
      if (other === undefined) await rm(confirmed(holder.planId), { force: true });
      return other;
    },

    async releaseLock(planId) {
      const current = await readJsonFile<LockHolder>(lockFile);
      if (current?.planId === planId) await rm(lockFile, { force: true });
    },

    findLock: () => readJsonFile<LockHolder>(lockFile),

    append(planId, entry) {
      const path = journal(planId);
      appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
      const descriptor = openSync(path, "r");
      fsyncSync(descriptor);
      closeSync(descriptor);
    },

    async confirm(planId) {
      await prepare();
      const handle = await open(confirmed(planId), "w", 0o600);
      await handle.sync();
      await handle.close();
    },

    isConfirmed: (planId) => existsSync(confirmed(planId)),

    async findLastPlan() {
      const last = (await listJournals(journals)).at(-1);
      if (last === undefined) return undefined;
      const lines = (await readFile(join(journals, last), "utf8")).trim().split("\n");
      const state = lines.flatMap((line) => findEvent(line)).findLast((event) => END_EVENTS.has(event));
      return { planId: last.replace(/\.jsonl$/, ""), state: state ?? "unfinished" };
    },

    async clean(everything) {
      if (everything) return rm(root, { recursive: true, force: true });
      const names = await listJournals(journals);
      for (const name of names.slice(0, -KEPT_JOURNALS)) {
        await rm(join(journals, name), { force: true });
        await rm(join(journals, name.replace(/jsonl$/, "confirmed")), { force: true });
      }
    },
  };
}

const END_EVENTS: ReadonlySet<string> = new Set(["finished", "reverted", "revert-incomplete"]);

function findEvent(line: string): string[] {
  try {
    return [String((JSON.parse(line) as { event?: unknown }).event)];
  } catch {
    return []; // a torn last line: the machine stopped while it was written
  }
}

/** Oldest first, by the time in the first entry's file. */
async function listJournals(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".jsonl"));
  const dated = await Promise.all(
    names.map(async (name) => {
      const handle = await open(join(folder, name));
      const { mtimeMs } = await handle.stat();
      await handle.close();
      return { name, mtimeMs };
    }),
  );
  return dated.sort((a, b) => a.mtimeMs - b.mtimeMs).map(({ name }) => name);
}

async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  const handle = await open(temporary, "w", 0o600);
  await handle.writeFile(text);
  await handle.sync();
  await handle.close();
  await rename(temporary, path);
}
