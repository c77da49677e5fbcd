import { acceptKind, acceptSchema } from "./accept-rule.ts";

/**
 * From version 28 on Docker drops what was not meant for the host itself also before routing: one rule a container, in the raw table's
 * PREROUTING (docs.docker.com/engine/release-notes/28, "direct access"). It appends them, so ours, put first, stays before them.
 */
export const directAccept = acceptKind({
  kind: "direct-accept",
  schema: acceptSchema("direct-accept"),
  noun: "accept rule before Docker's firewall",
  chain: "PREROUTING",
  find: ({ dockerUser }) => (dockerUser.state === "ready" ? (dockerUser.raw ?? []) : []),
  unseenBecause: ({ dockerUser }) => {
    if (dockerUser.state !== "ready") return `Docker's firewall: ${dockerUser.reason}`;
    return dockerUser.raw === undefined ? "Docker's firewall: its raw table was not asked for" : undefined;
  },
});
