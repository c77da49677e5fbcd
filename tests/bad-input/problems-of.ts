import { parseSpec, parseSpecBytes } from "../../src/file/parse-spec.ts";
import { SpanwireError, type Problem } from "../../src/model/problem.ts";

/** A spec that is right, with the lines of one section replaced. Hosts start in line 4, with the two default ones networks in line 7. */
export function specWith(parts: { hosts?: string; networks?: string }): string {
  const hosts = parts.hosts ?? "  vm1: { address: 192.0.2.1 }\n  vm2: { address: 192.0.2.2 }";
  const networks = parts.networks ?? "  apps: { subnet: 10.64.0.0/12 }";
  return `version: 1\ncluster: test\nhosts:\n${hosts}\nnetworks:\n${networks}\n`;
}

/** vm1, vm2, ... in the lines from 4 on. */
export function hostLines(count: number): string {
  return Array.from({ length: count }, (_, i) => `  vm${i + 1}: { address: 192.0.${2 + Math.floor(i / 250)}.${(i % 250) + 1} }`).join("\n");
}

/** One network named apps with the given fields, in line 7 of the file. */
export function networkWith(fields: string): string {
  return specWith({ networks: `  apps: { subnet: 10.64.0.0/12, ${fields} }` });
}

function thrownBy(parse: () => unknown): readonly Problem[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof SpanwireError) return error.problems;
    throw error;
  }
  return [];
}

/** Every problem of a file as "line:column kind, what: why -> try"; empty when the file is right. */
export function problemsOf(input: string | Uint8Array): string[] {
  const problems = thrownBy(() => (typeof input === "string" ? parseSpec(input, "spec.yaml") : parseSpecBytes(input, "spec.yaml")));
  return problems.map(describe);
}

export function warningsOf(text: string): string[] {
  return parseSpec(text, "spec.yaml").warnings.map(describe);
}

function describe({ kind, what, why, try: advice, at, where }: Problem): string {
  if (at?.file !== "spec.yaml" || where !== "spec.yaml") throw new Error(`a problem without its place: ${why}`);
  return `${at.line}:${at.column} ${kind}, ${what}: ${why} -> ${advice}`;
}
