import { appendFileSync, renameSync, statSync } from "node:fs";

/** A log is turned over at this size; one older part is kept. */
const MOST_BYTES = 4 * 1024 * 1024;

/** One JSON document a line, for the owner's eyes alone. */
export function appendLine(path: string, entry: object): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && found.size > MOST_BYTES) renameSync(path, `${path}.1`);
  appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
}
