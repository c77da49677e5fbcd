import type { Endpoint } from "./session.ts";

export type TokenKind = "broadcast" | "repeated" | "unicast" | "peer";

/** Names one act of sending of one run, so that nobody else's packets are counted. */
export function formatToken(run: string, kind: TokenKind, from: Endpoint): string {
  return [run, kind, from.network.name, from.at.host].map(encodeURIComponent).join("/");
}
