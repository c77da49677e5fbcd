import type { Connection } from "../transport/connection.ts";

const EVERY_MS = 10_000;
/** Of the time a host waits: one word lost, or a slow line, is no dead path yet. */
const WORDS_IN_TIME = 4;

/**
 * Speaks to every host now and then, while some of them wait for others; a host that hears nothing for `confirmWithinMs`
 * goes back (src/host/host-program.ts). The function that comes back ends it.
 */
export function keepAlive(connections: readonly Connection[], confirmWithinMs: number = EVERY_MS * WORDS_IN_TIME): () => void {
  const everyMs = Math.min(EVERY_MS, confirmWithinMs / WORDS_IN_TIME);
  const timer = setInterval(() => {
    for (const connection of connections) connection.request("hello", {}).catch(() => {}); // a dead one fails its own next step
  }, everyMs).unref();
  return () => clearInterval(timer);
}
