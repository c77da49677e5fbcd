import { acceptKind, acceptSchema } from "./accept-rule.ts";

/**
 * Docker's firewall drops what other hosts send to containers, in the FORWARD chain of its filter table; DOCKER-USER is what it asks
 * before that. Only where members' packets reach a host past its bridges, and only on hosts with Docker.
 */
export const forwardAccept = acceptKind({
  kind: "forward-accept",
  schema: acceptSchema("forward-accept"),
  noun: "accept rule in Docker's firewall",
  chain: "DOCKER-USER",
  find: ({ dockerUser }) => (dockerUser.state === "ready" ? dockerUser.rules : []),
  unseenBecause: ({ dockerUser }) => (dockerUser.state === "ready" ? undefined : `Docker's firewall: ${dockerUser.reason}`),
});
