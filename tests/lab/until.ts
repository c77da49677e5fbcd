import { setImmediate as nextTurn } from "node:timers/promises";
import { PATIENCE } from "./patience.ts";

/** Asks again until the answer is there; the last answer is in the error when it never comes. */
export async function until<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean, timeoutMs = 30_000 * PATIENCE): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    await nextTurn(); // what is asked about may come to this process
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms; last: ${JSON.stringify(answer)}`);
  }
}
