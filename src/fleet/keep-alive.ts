import type { Connection } from "../transport/connection.ts";

/** A host whose unconfirmed plan hears nothing for a minute goes back (src/host/host-program.ts). */
const EVERY_MS = 10_000;

/** Speaks to every host now and then, while some of them wait for others. The function that comes back ends it. */
export function keepAlive(connections: readonly Connection[]): () => void {
  const timer = setInterval(() => {
    for (const connection of connections) connection.request("hello", {}).catch(() => {}); // a dead one fails its own next step
  }, EVERY_MS).unref();
  return () => clearInterval(timer);
}
