import { z } from "zod";
import { isMarkedBy, networkOfMark } from "../model/mark.ts";
import type { Snapshot, SnapshotAcceptRule } from "../model/snapshot.ts";
import type { Command } from "../tools/index.ts";
import type { AcceptChain } from "../tools/iptables.ts";
import type { Difference, ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";

/** `iptables -S` prints a subnet of 0.0.0.0/0 not at all; no network of ours is that wide. */
const betweenMembers = z.string().regex(/^-s ([0-9.]+\/\d{1,2}) -d \1 -j ACCEPT$/);
export const acceptBetween = (subnet: string): string => `-s ${subnet} -d ${subnet} -j ACCEPT`;

export const acceptSchema = <Kind extends string>(kind: Kind) =>
  z.strictObject({ kind: z.literal(kind), network: is.network, rule: betweenMembers, mark: is.mark });

interface AcceptRule<Kind extends string> {
  kind: Kind;
  network: string;
  rule: string;
  mark: string;
  /** Only of observed ones: a rule of Docker's that stands before it refuses what it should accept. */
  isLate?: true;
}

interface Place<Kind extends string> {
  kind: Kind;
  schema: z.ZodType<AcceptRule<Kind>>;
  noun: string;
  chain: AcceptChain;
  find(snapshot: Snapshot): readonly SnapshotAcceptRule[];
  unseenBecause(snapshot: Snapshot): string | undefined;
}

/** A rule of ours in a chain that Docker has rules of its own in: it lets members of one network through to each other. IPv4. */
export function acceptKind<Kind extends string>({ kind, chain, find, ...place }: Place<Kind>): ResourceKind<AcceptRule<Kind>> {
  return {
    kind,
    ...place,
    foundSchema: z.strictObject({
      ...{ kind: z.literal(kind), network: is.network, rule: z.string().regex(/^[ -~]{1,500}$/), mark: is.mark },
      isLate: z.literal(true).exactOptional(),
    }),
    touches: () => ({ devices: [] }),
    key: ({ mark }) => `${kind}/${networkOfMark(mark)}`,

    read: (snapshot, clusterUuid) =>
      find(snapshot)
        .filter(({ comment }) => isMarkedBy(comment, clusterUuid))
        .map(({ rule, comment, isLate }) => ({
          ...{ kind, network: networkOfMark(comment), rule, mark: comment },
          ...(isLate === true ? { isLate } : {}),
        })),

    compare(desired, observed): Difference[] {
      const reason = "Docker drops what it does not name";
      const fields = (["rule", "mark"] as const).map((field) => ({ field, from: observed[field], to: desired[field] }));
      const position = { field: "place", from: placeOf(observed), to: placeOf(desired) };
      return [...fields, position].flatMap((one) => (one.from === one.to ? [] : [{ ...one, reason, needs: "change" as const }]));
    },

    dependencies: () => [],
    asDesired: ({ isLate: _, ...desired }) => desired,

    commands: (before, after): Command[] => [
      ...(before === null ? [] : [{ tool: "iptables", op: "withdraw", chain, rule: before.rule, comment: before.mark } as const]),
      ...(after === null ? [] : [{ tool: "iptables", op: "accept", chain, rule: after.rule, comment: after.mark } as const]),
    ],

    impact: (_before, after) => (after === null ? "members no longer reach those on other hosts" : "none"),
  };
}

const placeOf = ({ isLate }: { isLate?: true }): string => (isLate === true ? "behind Docker's rules" : "before Docker's rules");
