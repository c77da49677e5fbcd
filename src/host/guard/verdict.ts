import { existsSync, readFileSync } from "node:fs";
import { link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "../../util/sync-directory.ts";

/** What becomes of a plan. Confirmed over a new connection, or on its way back. */
export type Verdict = "confirmed" | "reverting";

/** Of this process, so that two of them can decide at once. */
let claims = 0;

/**
 * Decides once: link(2) lets exactly one of a confirm and a deadline win, and the other is told who did. `overrule` is
 * for the controller that takes back what it has confirmed itself, because another host could not be.
 */
export async function decideVerdict(path: string, verdict: Verdict, overrule: boolean): Promise<Verdict> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const claim = `${path}.${process.pid}.${(claims += 1)}.new`;
  await writeFile(claim, verdict, { mode: 0o600, flush: true });
  try {
    await (overrule ? rename(claim, path) : link(claim, path));
    await syncDirectory(dirname(path)); // whoever is told may act on it, and the power may go
    return verdict;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return findVerdict(path) ?? decideVerdict(path, verdict, overrule);
  } finally {
    await rm(claim, { force: true });
  }
}

export function findVerdict(path: string): Verdict | undefined {
  return existsSync(path) ? (readFileSync(path, "utf8") as Verdict) : undefined;
}
