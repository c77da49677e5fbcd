import type { BatchResult, ToolHost } from "./tool.ts";
import { DONE } from "./tool.ts";

/** `ip -batch -` and `bridge -batch -` stop at the first line that fails and name it by number; we name it by its words. */
export async function runBatchFile(tool: "ip" | "bridge", args: readonly (readonly string[])[], host: ToolHost): Promise<BatchResult> {
  const lines = args.map((words) => words.map(requireWord).join(" "));
  const result = await host.run([tool, "-batch", "-"], `${lines.join("\n")}\n`);
  if (result.exitCode === 0) return DONE;
  const failed = /Command failed -:(\d+)/.exec(result.stderr);
  const line = failed === null ? undefined : lines[Number(failed[1]) - 1];
  const said = result.stderr.replace(/Command failed -:\d+/, "").trim();
  return { ok: false, why: line === undefined ? result.description : `\`${tool} ${line}\` failed: ${said}`, notes: [] };
}

/** Batch files split at blanks and know quotes, comments and continuations: a word with such a character is refused. */
function requireWord(word: string): string {
  if (/^[^\s'"#\\]+$/.test(word) || word === '""') return word; // "" is the empty word, to take an alias away
  throw new Error(`not a plain word: ${JSON.stringify(word)}`);
}
