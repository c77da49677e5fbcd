import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Takes away what was typed at a terminal before it was asked for: an Enter pressed while something else was going on is
 * no answer. A line not yet ended stays in the terminal (termios(3), canonical mode), and what ends it is a new word.
 * Anything but a terminal is left alone: what a program writes is meant, whenever it writes it.
 */
export async function discardTypedAhead(input: Readable & { isTTY?: boolean }): Promise<void> {
  if (input.isTTY !== true) return;
  let found = true;
  const discard = (): void => void (found = true);
  input.on("data", discard);
  input.resume();
  // a turn of the event loop polls what is there, and a terminal gives one line at a time; reading that was only begun in
  // this turn is polled in the next one
  while (found) {
    found = false;
    await nextTurn();
    await nextTurn();
  }
  input.off("data", discard);
  input.pause();
}
