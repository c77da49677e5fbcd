import type { Endpoint } from "./session.ts";

/** Names one act of sending of one run, so that nobody else's packets are counted. */
export function formatToken(run: string, kind: "broadcast" | "unicast", from: Endpoint): string {
  return [run, kind, from.network.name, from.at.host].map(encodeURIComponent).join("/");
}
