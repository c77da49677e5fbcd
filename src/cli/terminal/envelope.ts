import { z } from "zod";
import type { Problem } from "../../model/problem.ts";
import { print } from "./output.ts";

const position = z.strictObject({ file: z.string(), line: z.int(), column: z.int() });
const problem = z.looseObject({
  kind: z.enum(["input", "refused", "unsupported", "conflict", "command", "timeout", "unreachable", "verify", "bug"]),
  doing: z.string().meta({ description: "The act." }),
  what: z.string().meta({ description: "The object it was done to." }),
  where: z.string().meta({ description: "The host; empty where there is none." }),
  why: z.string(),
  try: z.string().meta({ description: "One thing to do now." }),
  at: position.optional().meta({ description: "Of a mistake in a file." }),
});
const problems = z.array(problem);
const named = z.array(z.looseObject({ name: z.string() }));

const change = z.looseObject({ host: z.string(), what: z.string(), key: z.string(), reason: z.string() });

const FIELDS = {
  version: z.literal(1),
  ok: z.boolean().meta({ description: "The exit code is 0 (of `plan --detailed-exitcode` also 2)." }),
  problems: problems.meta({ description: "Everything that went wrong, or is wrong; of a verb that failed altogether, all there is." }),
};

/** What each verb adds; nothing of it is there when the verb failed altogether. Fields are only ever added. */
const DATA = {
  validate: { warnings: problems },
  plan: {
    planId: z.string(),
    cluster: z.string(),
    clusterUuid: z.string(),
    summary: z.strictObject({ add: z.int(), change: z.int(), replace: z.int(), remove: z.int() }),
    lockChanges: z.array(z.string()),
    networks: named,
    hosts: z.array(
      z.looseObject({ host: z.string(), steps: z.array(z.looseObject({ id: z.string(), stage: z.string(), label: z.string() })) }),
    ),
    refusals: problems,
    warnings: problems,
    unmet: problems,
    members: problems,
  },
  apply: {
    planId: z.string(),
    outcome: z.enum(["nothing-to-do", "applied", "reverted", "mixed"]),
    hosts: z.array(z.strictObject({ host: z.string(), state: z.enum(["new", "old", "differs", "unknown"]), detail: z.string() })),
    notes: z.array(z.string()),
  },
  status: {
    cluster: z.string(),
    hosts: named,
    networks: named,
    drift: z.array(change),
    pending: z.array(change),
    refusals: problems,
    unmet: problems,
    members: problems,
    unseen: z.array(z.string()),
  },
  verify: {
    networks: named,
    isolation: z.array(z.unknown()),
    containers: z.array(z.unknown()),
    failures: problems,
    notTested: z.array(z.string()),
  },
  graph: { cluster: z.string(), hosts: named, networks: named },
  "explain-ports": { cluster: z.string(), hosts: named },
  "doctor-addresses": { networks: named, duplicates: z.array(z.unknown()), members: problems, notTested: z.array(z.unknown()) },
  "lab-status": { runId: z.string(), state: z.string(), hosts: named },
  "lab-list": { labs: z.array(z.string()) },
} as const;

export type EnvelopeKind = keyof typeof DATA | "destroy";
const KINDS: Readonly<Record<EnvelopeKind, z.ZodRawShape>> = { ...DATA, destroy: DATA.apply };

/** Every document that `--json` prints: of a verb that did its work, or of one that could not. */
export const envelopeSchema = z.union(
  Object.entries(KINDS).flatMap(([kind, data]) => [
    z.looseObject({ ...FIELDS, kind: z.literal(kind), ...data }),
    z.strictObject({ ...FIELDS, kind: z.literal(kind), ok: z.literal(false), problems: problems.min(1) }),
  ]),
);

/** For docs/reference/output.schema.json. */
export const envelopeJsonSchema = (): object => z.toJSONSchema(envelopeSchema, { target: "draft-2020-12" });

export interface EnvelopeHead {
  ok: boolean;
  problems: readonly Problem[];
}

/** The versioned frame of everything a program may read. */
export function printEnvelope(kind: EnvelopeKind, { ok, problems: found }: EnvelopeHead, data: object = {}): void {
  print(JSON.stringify({ ...data, version: 1, kind, ok, problems: found }, null, 2));
}

/** Of a command line that asked for JSON: "doctor addresses" is "doctor-addresses". */
export function findEnvelopeKind(argv: readonly string[]): EnvelopeKind | undefined {
  if (!argv.includes("--json")) return undefined;
  const kinds = (Object.keys(KINDS) as EnvelopeKind[]).toSorted((a, b) => b.length - a.length); // "lab status" is no "status"
  const words = new Set(argv.map((word) => (word === "diff" ? "plan" : word)));
  return kinds.find((kind) => kind.split("-").every((word) => words.has(word)));
}
