import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { CommanderError } from "commander";
import { discardTypedAhead } from "./discard-typed-ahead.ts";
import { say } from "./output.ts";

const EXIT_USAGE = 2;

/** Before anything is asked of a host: a verb that must be told yes, and nobody is there to say it. */
export function requireVoice(verb: string, isYes: boolean, input: { isTTY?: boolean } = process.stdin): void {
  if (isYes || input.isTTY === true) return;
  const text = `${verb} changes hosts, and there is no terminal to ask at: add --yes, or look first with \`spanwire plan\``;
  say(`error: ${text}`);
  throw new CommanderError(EXIT_USAGE, "spanwire.unasked", text);
}

/** "y" or "yes"; everything else, also the end of input, is no. */
export async function askYes(question: string, input: Readable & { isTTY?: boolean } = process.stdin): Promise<boolean> {
  await discardTypedAhead(input);
  say(`${question} Type yes to go on:`);
  const lines = createInterface({ input, terminal: false });
  const answer = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  lines.close();
  return /^\s*y(es)?\s*$/i.test(answer);
}
