import { z } from "zod";
import type { Path } from "../yaml/spec-file.ts";
import { specSchema } from "../schema/spec-schema.ts";

/** What the schema allows at a path: for messages that say what to write instead. */
interface Allowed {
  fields: string[];
  values: string[];
  types: string[];
  example: unknown;
}

/** `root` is the whole file: of a mapping with a `type`, only what that type has is meant. */
export function allowedAt(path: Path, root: unknown): Allowed {
  let value = root;
  let schemas = expand(specSchema, value);
  for (const step of path) {
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined;
    schemas = schemas.flatMap((schema) => below(schema, step, value));
  }
  const leaves = schemas.filter((schema) => !(schema instanceof z.ZodUnion));
  return {
    fields: leaves.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])),
    values: leaves.flatMap((schema) => (schema instanceof z.ZodLiteral || schema instanceof z.ZodEnum ? valuesOf(schema) : [])),
    types: [...new Set(leaves.flatMap(typeName))],
    example: schemas.map(exampleOf).find((example) => example !== undefined),
  };
}

/** A schema, what its `optional` wraps and what its union joins; the outermost first, for it has the examples. */
function expand(schema: z.ZodType, value: unknown): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return [schema, ...expand(schema.unwrap() as z.ZodType, value)];
  if (!(schema instanceof z.ZodUnion)) return [schema];
  const options = schema.options as readonly z.ZodType[];
  const meant = schema instanceof z.ZodDiscriminatedUnion ? options.filter((option) => hasType(option, value)) : [];
  return [schema, ...(meant.length > 0 ? meant : options).flatMap((option) => expand(option, value))];
}

function hasType(option: z.ZodType, value: unknown): boolean {
  const type = option instanceof z.ZodObject ? (option.shape as Record<string, z.ZodType>)["type"] : undefined;
  return type !== undefined && typeof value === "object" && value !== null && type.safeParse((value as { type?: unknown }).type).success;
}

/** `value` is the one at that step. */
function below(schema: z.ZodType, step: PropertyKey, value: unknown): z.ZodType[] {
  if (schema instanceof z.ZodRecord) return expand(schema.valueType as z.ZodType, value);
  if (schema instanceof z.ZodArray) return typeof step !== "number" ? [] : expand(schema.element as z.ZodType, value);
  if (!(schema instanceof z.ZodObject)) return [];
  const field = (schema.shape as Record<PropertyKey, z.ZodType | undefined>)[step];
  return field === undefined ? [] : expand(field, value);
}

function valuesOf(schema: z.ZodLiteral | z.ZodEnum): string[] {
  return schema instanceof z.ZodLiteral ? [...schema.values].map(String) : schema.options.map(String);
}

function typeName(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return ["a mapping"];
  if (schema instanceof z.ZodArray) return ["a list"];
  if (schema instanceof z.ZodNumber) return ["a whole number"];
  return schema instanceof z.ZodString ? ["text"] : [];
}

function exampleOf(schema: z.ZodType): unknown {
  const meta = schema.meta();
  if (Array.isArray(meta?.["examples"])) return (meta["examples"] as unknown[])[0];
  if (meta?.["default"] !== undefined) return meta["default"];
  return schema instanceof z.ZodLiteral ? [...schema.values][0] : undefined;
}
