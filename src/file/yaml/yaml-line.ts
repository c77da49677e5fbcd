import { stringify } from "yaml";

/** A value as YAML on one line, as people write it in examples. */
export function yamlLine(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}
