import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** One line of a journal. */
export interface JournalEntry {
  event: string;
  [field: string]: unknown;
}

export interface LastPlan {
  planId: string;
  /** The event that ended it, or "unfinished". */
  state: string;
}

/** A restore is no plan: nobody settles or confirms it. */
export const RESTORE_JOURNAL = "restore";
const KEPT_JOURNALS = 10;
const END_EVENTS: ReadonlySet<string> = new Set(["finished", "reverted", "revert-incomplete"]);

/** On disk when it returns. After a line that a power cut or a full disk has torn it begins a new one. */
export function appendToJournal(folder: string, planId: string, entry: object): void {
  const descriptor = openSync(join(folder, `${planId}.jsonl`), "a+", 0o600);
  try {
    const text = Buffer.from(`${isTorn(descriptor) ? "\n" : ""}${JSON.stringify(entry)}\n`);
    for (let written = 0; written < text.length;) written += writeSync(descriptor, text, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isTorn(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last.toString() !== "\n";
}

/** The entries since the plan last began: a plan is named by its content, so the same one may come again. */
export function readJournal(folder: string, planId: string): JournalEntry[] {
  const entries = readFileSync(join(folder, `${planId}.jsonl`), "utf8")
    .split("\n")
    .flatMap(parseEntry);
  return entries.slice(
    Math.max(
      entries.findLastIndex((entry) => entry.event === "begin"),
      0,
    ),
  );
}

/** The one that has not ended, whatever its date: wall clocks jump. Else the newest. */
export async function findLastPlan(folder: string): Promise<LastPlan | undefined> {
  const plans: LastPlan[] = [];
  for (const name of await listJournals(folder)) plans.push(await readEnd(folder, name));
  return plans.findLast(({ state }) => state === "unfinished") ?? plans.at(-1);
}

async function readEnd(folder: string, name: string): Promise<LastPlan> {
  const lines = (await readFile(join(folder, name), "utf8")).trim().split("\n");
  const events = lines.flatMap(parseEntry).map(({ event }) => event);
  const ended = events.findLastIndex((event) => END_EVENTS.has(event));
  const state = ended > events.lastIndexOf("begin") ? events[ended] : undefined;
  return { planId: name.replace(/\.jsonl$/, ""), state: state ?? "unfinished" };
}

export async function removeOldJournals(folder: string): Promise<void> {
  for (const name of (await listJournals(folder)).slice(0, -KEPT_JOURNALS)) {
    await rm(join(folder, name), { force: true });
    await rm(join(folder, name.replace(/jsonl$/, "verdict")), { force: true });
  }
}

function parseEntry(line: string): JournalEntry[] {
  try {
    const entry = JSON.parse(line) as JournalEntry | null;
    return entry === null || typeof entry.event !== "string" ? [] : [entry];
  } catch {
    return []; // a torn last line: the machine stopped while it was written
  }
}

/** Oldest first, by the time of the last entry. */
async function listJournals(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".jsonl") && name !== `${RESTORE_JOURNAL}.jsonl`);
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
