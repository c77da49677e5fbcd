import { HOST_NAME } from "../../net/legal-names.ts";
import { z } from "zod";
import { describeKinds, keyOf } from "../../kinds/index.ts";
import { address } from "../../kinds/schema-words.ts";
import { STAGES } from "../../model/step.ts";

/**
 * Steps are checked again where they run, each resource by its kind's own schema: whoever speaks to a host program gets no
 * further than our own objects.
 */
const { wanted, observed } = describeKinds();

const anyStep = z.object({
  id: z.string().regex(/^(add|switch|remove)\/\d+$/),
  stage: z.enum(STAGES),
  action: z.enum(["add", "change", "replace", "remove"]),
  key: z.string().max(512),
  label: z.string().max(512),
  before: observed.nullable(),
  after: wanted.nullable(),
  wanted: wanted.optional(),
  differences: z.array(
    z.strictObject({ field: z.string(), from: z.string(), to: z.string(), reason: z.string(), needs: z.enum(["change", "replace"]) }),
  ),
  impact: z.string(),
});

/** The key is what a transaction looks up: it must be that of what the step changes. */
export const stepSchema = anyStep.superRefine((step, context) => {
  const fail = (message: string): unknown => context.issues.push({ code: "custom", message, input: step, path: ["key"] });
  const ends = [step.before, step.after, step.wanted].filter((end) => end !== null && end !== undefined);
  if (step.before === null && step.after === null) fail("a step has something before or after it");
  if (ends.some((end) => keyOf(end) !== step.key)) fail("the key is not that of the resource");
  if (!step.id.startsWith(`${step.stage}/`)) fail("the id is of another stage");
});

/** B48: an hour is enough for a person who tries a change. */
const MAX_CONFIRM_WITHIN_MS = 3_600_000;

export const beginParams = z.strictObject({
  planId: z.string().regex(/^[0-9a-f]{16}$/),
  clusterUuid: z.uuid(),
  address,
  basis: z.string().regex(/^[0-9a-f]{64}$/),
  operator: z.string().max(256),
  steps: z.array(stepSchema).max(100_000),
  confirmWithinMs: z.int().min(500).max(MAX_CONFIRM_WITHIN_MS).optional(),
  repair: z.boolean().optional(),
});

export const stageParams = z.strictObject({ planId: z.string().regex(/^[0-9a-f]{16}$/), stage: z.enum(STAGES) });
export const planParams = z.strictObject({ planId: z.string().regex(/^[0-9a-f]{16}$/) });
/** The plan's hosts by their names in the file (src/net/legal-names.ts); as many as one may have peers, and itself. */
export const offerParams = planParams.extend({
  hosts: z.array(z.string().regex(HOST_NAME)).min(1).max(10_001),
});
