import { z } from "zod";
import { isMarkedBy, networkOfMark } from "../model/mark.ts";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";

const acceptRule = z.string().regex(/^-s ([0-9.]+\/\d{1,2}) -d \1 -j ACCEPT$/);

const schema = z.strictObject({ kind: z.literal("forward-accept"), network: is.network, rule: acceptRule, mark: is.mark });
export type ForwardAcceptResource = z.output<typeof schema>;

/** `iptables -S` prints a subnet of 0.0.0.0/0 not at all; no network of ours is that wide. */
export const acceptBetween = (subnet: string): string => `-s ${subnet} -d ${subnet} -j ACCEPT`;

/**
 * Docker's firewall drops what other hosts send to containers; members of one network are let through to each other. Only
 * where they come over the underlay as they are, and only on hosts with Docker. IPv4: a Docker network has no other.
 */
export const forwardAccept: ResourceKind<ForwardAcceptResource> = {
  kind: "forward-accept",
  schema,
  foundSchema: schema.extend({ rule: z.string().regex(/^[ -~]{1,500}$/) }),
  noun: "accept rule in Docker's firewall",
  touches: () => ({ devices: [] }),
  key: ({ mark }) => `forward-accept/${networkOfMark(mark)}`,

  read: ({ dockerUser }, clusterUuid) =>
    dockerUser.state === "absent"
      ? []
      : dockerUser.rules
          .filter(({ comment }) => isMarkedBy(comment, clusterUuid))
          .map(({ rule, comment }) => ({ kind: "forward-accept", network: networkOfMark(comment), rule, mark: comment })),

  compare(desired, observed) {
    const reason = "Docker drops what it does not name";
    return (["rule", "mark"] as const).flatMap((field) =>
      desired[field] === observed[field] ? [] : [{ field, from: observed[field], to: desired[field], reason, needs: "change" as const }],
    );
  },

  dependencies: () => [],

  commands: (before, after) => [
    ...(before === null ? [] : [{ tool: "iptables", op: "withdraw", rule: before.rule, comment: before.mark } as const]),
    ...(after === null ? [] : [{ tool: "iptables", op: "accept", rule: after.rule, comment: after.mark } as const]),
  ],

  unseenBecause: ({ dockerUser }) => (dockerUser.state === "ready" ? undefined : `Docker's firewall: ${dockerUser.reason}`),
  impact: (_before, after) => (after === null ? "members no longer reach those on other hosts" : "none"),
};
