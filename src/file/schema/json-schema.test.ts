import { describe, expect, it } from "vitest";
import { specJsonSchema } from "./json-schema.ts";
import { renderSpecReference } from "./spec-reference.ts";

interface Schema {
  description?: string;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

function fields(schema: Schema, path: string): [string, Schema][] {
  const own = Object.entries(schema.properties ?? {}).map(([name, field]): [string, Schema] => [`${path}.${name}`, field]);
  const branches = [
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : []),
  ];
  return [...own, ...own.flatMap(([name, field]) => fields(field, name)), ...branches.flatMap((branch) => fields(branch, `${path}.*`))];
}

describe("JSON Schema for editors", () => {
  it("describes every field and gives an example", () => {
    const all = fields(specJsonSchema(), "");
    expect(all.length).toBeGreaterThan(15);
    expect(all.filter(([, field]) => !field.description || !field.examples?.length).map(([name]) => name)).toEqual([]);
  });

  it("is what docs/reference holds (renew with vitest -u)", async () => {
    await expect(`${JSON.stringify(specJsonSchema(), null, 2)}\n`).toMatchFileSnapshot("../../../docs/reference/spanwire.schema.json");
    await expect(renderSpecReference()).toMatchFileSnapshot("../../../docs/reference/spec.md");
  });
});
