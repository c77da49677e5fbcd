import { z } from "zod";
import type { Path } from "./spec-file.ts";
import { specSchema } from "./spec-schema.ts";

/** What the schema allows at a path: for messages that say what to write instead. */
interface Allowed {
  fields: string[];
  values: string[];
  types: string[];
  example: unknown;
}

export function allowedAt(path: Path): Allowed {
  const schemas = path.reduce<z.ZodType[]>((at, step) => at.flatMap((schema) => below(schema, step)), expand(specSchema));
  const leaves = schemas.filter((schema) => !(schema instanceof z.ZodUnion));
  return {
    fields: leaves.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])),
    values: leaves.flatMap((schema) => (schema instanceof z.ZodLiteral || schema instanceof z.ZodEnum ? valuesOf(schema) : [])),
    types: leaves.flatMap(typeName),
    example: schemas.map(exampleOf).find((example) => example !== undefined),
  };
}

/** A schema, what its `optional` wraps and what its union joins; the outermost first, for it has the examples. */
function expand(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return [schema, ...expand(schema.unwrap() as z.ZodType)];
  if (schema instanceof z.ZodUnion) return [schema, ...schema.options.flatMap((option) => expand(option as z.ZodType))];
  return [schema];
}

function below(schema: z.ZodType, step: PropertyKey): z.ZodType[] {
  if (schema instanceof z.ZodRecord) return expand(schema.valueType as z.ZodType);
  if (!(schema instanceof z.ZodObject)) return [];
  const field = (schema.shape as Record<PropertyKey, z.ZodType | undefined>)[step];
  return field === undefined ? [] : expand(field);
}

function valuesOf(schema: z.ZodLiteral | z.ZodEnum): string[] {
  return schema instanceof z.ZodLiteral ? [...schema.values].map(String) : schema.options.map(String);
}

function typeName(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return ["a mapping"];
  if (schema instanceof z.ZodNumber) return ["a whole number"];
  return schema instanceof z.ZodString ? ["text"] : [];
}

function exampleOf(schema: z.ZodType): unknown {
  const meta = schema.meta();
  if (Array.isArray(meta?.["examples"])) return (meta["examples"] as unknown[])[0];
  if (meta?.["default"] !== undefined) return meta["default"];
  return schema instanceof z.ZodLiteral ? [...schema.values][0] : undefined;
}
