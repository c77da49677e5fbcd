import type { z } from "zod";
import type { Problem } from "../util/problem.ts";
import { findLaterFeature } from "./later-features.ts";
import { quote } from "./quote.ts";
import { allowedAt } from "./schema-walk.ts";
import { problemAt, type Path, type SpecFile } from "./spec-file.ts";
import { suggest } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/** Every schema issue as a problem at its place in the file, in the order of the file. */
export function schemaProblems(issues: readonly Issue[], spec: SpecFile): Problem[] {
  const flat = issues.flatMap((issue) => flatten(issue, [], spec.value));
  const problems = flat.flatMap((issue) => explain(issue, spec)).toSorted(byPlace);
  // One plane that is not in this version makes all its fields look wrong: say the one thing.
  const later = problems.filter((problem) => problem.why.endsWith(NOT_YET)).map((problem) => problem.what.replace(/\.type$/, "."));
  return problems.filter((problem) => problem.why.endsWith(NOT_YET) || !later.some((prefix) => prefix.endsWith(".") && problem.what.startsWith(prefix)));
}

const NOT_YET = "is not in this version";

export function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

/** Of a union, the branch the writer meant: the one whose shape was begun. */
function flatten(issue: Issue, parent: Path, root: unknown): Issue[] {
  const path = [...parent, ...issue.path];
  const value = valueAt(root, path);
  if (issue.code === "invalid_union" && typeof value === "object" && value !== null && !Array.isArray(value)) {
    const branch = issue.errors.find((errors) => errors.some((error) => error.code === "unrecognized_keys" || error.path.length > 0));
    if (branch !== undefined) return branch.flatMap((inner) => flatten(inner, path, root));
  }
  const sized = issue.code === "invalid_union" && issue.errors.flat().find((error) => error.code === "too_small" || error.code === "too_big");
  return [{ ...(sized || issue), path: [...path] } as Issue];
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined), root);
}

function explain(issue: Issue, spec: SpecFile): Problem[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => explainKey([...issue.path, key], spec));
  if (issue.code === "invalid_key") return [explainName(issue, spec)];
  const value = valueAt(spec.value, issue.path);
  const later = findLaterFeature(issue.path, value);
  if (later !== undefined) return [problemAt(spec, issue.path, { why: `${describe(value)} ${NOT_YET}`, try: later.instead })];
  return [problemAt(spec, issue.path, explainValue(issue, value))];
}

function explainKey(path: Path, spec: SpecFile): Problem {
  const key = String(path.at(-1));
  const later = findLaterFeature(path, valueAt(spec.value, path));
  if (later !== undefined) return problemAt(spec, path, { why: `${key} ${NOT_YET}`, try: later.instead }, "key");
  const { fields } = allowedAt(path.slice(0, -1));
  const near = suggest(key, fields);
  const advice = near === undefined ? `use one of: ${fields.join(", ")}` : `write ${near}`;
  return problemAt(spec, path, { why: `there is no field ${quote(key)} here`, try: advice }, "key");
}

function explainName(issue: Issue & { code: "invalid_key" }, spec: SpecFile): Problem {
  const name = String(issue.path.at(-1));
  const plain = name.toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^[-0-9]+|-+$/g, "").slice(0, 31);
  const why = `${quote(name)} is not a legal name: ${issue.issues[0]?.message ?? "not allowed"}`;
  return problemAt(spec, issue.path, { why, try: `write ${plain === "" ? "a name like vm1" : plain}` }, "key");
}

function explainValue(issue: Issue, value: unknown): { why: string; try: string } {
  if (issue.code === "custom") return { why: issue.message, try: String(issue.params?.["try"] ?? "correct the value") };
  if (value === undefined && issue.code !== "invalid_format") {
    const field = String(issue.path.at(-1) ?? "");
    return { why: `${quote(field)} is missing`, try: `add ${field}: ${exampleText(issue.path)}` };
  }
  if (issue.code === "too_small") return { why: `${describe(value)} is less than ${issue.minimum}`, try: `write ${issue.minimum} or more` };
  if (issue.code === "too_big") return { why: `${describe(value)} is more than ${issue.maximum}`, try: `write ${issue.maximum} or less` };
  if (issue.code === "invalid_format") return { why: `${describe(value)} does not fit: ${issue.message}`, try: `write something like ${exampleText(issue.path)}` };
  const { values, types } = allowedAt(issue.path);
  const near = typeof value === "string" ? suggest(value, values) : undefined;
  const isQuotedNumber = typeof value === "string" && types.includes("a whole number") && /^[0-9]+$/.test(value);
  const wanted = [...values, ...types];
  const why = `${describe(value)} is not ${wanted.length === 1 ? "" : "one of: "}${wanted.join(", ")}`;
  if (isQuotedNumber) return { why, try: `write ${value} without quotes` };
  return { why, try: `write ${near ?? exampleText(issue.path)}` };
}

function describe(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : String(value);
}

function exampleText(path: Path): string {
  const { example } = allowedAt(path);
  return typeof example === "object" ? JSON.stringify(example).replaceAll('"', "").replaceAll(":", ": ").replaceAll(",", ", ") : String(example ?? "a value");
}
