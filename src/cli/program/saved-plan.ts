import { PREPARATIONS } from "../../model/prepared.ts";
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { stepSchema } from "../../host/change/step-schema.ts";
import { planIdOf, type Plan } from "../../model/plan.ts";
import { formatLock, parseLock } from "../../lock/lock-file.ts";
import type { Lock } from "../../model/lock.ts";
import { packPlan, unpackPlan, type PackedPlan } from "../../plan/pack-lists.ts";
import { SpanwireError } from "../../model/problem.ts";

const savedPlan = z.strictObject({
  version: z.literal(2),
  kind: z.literal("plan"),
  planId: z.string(),
  cluster: z.string(),
  clusterUuid: z.uuid(),
  lockBefore: z.string().nullable(),
  lock: z.unknown(),
  lockChanges: z.array(z.string()),
  hosts: z.array(
    z.strictObject({
      host: z.string(),
      address: z.string(),
      ssh: z.string(),
      leaving: z.boolean(),
      basis: z.string(),
      steps: z.array(stepSchema),
      unseen: z.array(z.string()),
      prepare: z.array(z.enum(PREPARATIONS)).exactOptional(),
    }),
  ),
  networks: z.array(z.looseObject({ name: z.string(), dataplane: z.looseObject({ type: z.string() }) })),
  refusals: z.array(z.unknown()).max(0),
  warnings: z.array(z.unknown()),
  unmet: z.array(z.unknown()),
  members: z.array(z.unknown()),
});

/** Before a host is asked: a plan is written over nothing but an earlier plan. */
export async function requirePlanPath(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined || /^\{"version":\d+,"kind":"plan",/.test(text)) return;
  const why = "there is a file of that name, and it is no plan of spanwire";
  throw new SpanwireError({ kind: "input", doing: "saving the plan to", what: path, where: "", why, try: "name another file with --out" });
}

/** Owner alone: it names hosts and addresses. */
export async function writeSavedPlan(path: string, plan: Plan): Promise<void> {
  await requirePlanPath(path);
  await writeFile(path, `${JSON.stringify({ ...packPlan(plan), planId: planIdOf(plan) })}\n`, { mode: 0o600 });
}

const unpack = (json: unknown): unknown =>
  typeof json === "object" && json !== null && "lists" in json && Array.isArray(json.lists) ? unpackPlan(json as PackedPlan) : json;

/** A plan as `plan --out` wrote it. One that was edited has another id than it says, and is refused. */
export async function readSavedPlan(path: string): Promise<Plan> {
  const refuse = (kind: "input" | "conflict", why: string): SpanwireError =>
    new SpanwireError({
      kind,
      doing: "reading the saved plan",
      what: path,
      where: "",
      why,
      try: "make a new one with `spanwire plan --out FILE`",
    });
  let json: unknown;
  try {
    json = unpack(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    throw refuse("input", (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : "it is not a plan of spanwire");
  }
  const parsed = savedPlan.safeParse(json);
  if (!parsed.success) throw refuse("input", "it is not a plan of this version of spanwire");
  const { planId, ...rest } = parsed.data;
  const plan = json as Plan & { planId?: string };
  delete plan.planId;
  if (planIdOf(plan) !== planId) throw refuse("conflict", "it was edited after it was saved");
  return { ...plan, lock: rest.lock === null ? null : parseLock(formatLock(rest.lock as Lock), path) };
}
