import type { z } from "zod";
import type { Problem } from "../../model/problem.ts";
import { findLaterFeature } from "./later-features.ts";
import { quote } from "../../util/quote.ts";
import { allowedAt } from "./schema-walk.ts";
import { problemAt, type Path, type SpecFile } from "../yaml/spec-file.ts";
import { suggest } from "../../util/suggest.ts";
import { yamlLine } from "../yaml/yaml-line.ts";

export type Issue = z.core.$ZodIssue;

/** A problem, with what is needed to see that it is only the echo of another. */
export interface Explained {
  path: Path;
  problem: Problem;
  cause: "later" | "unknown" | "missing" | "wrong";
  /** The field an unknown one was probably meant to be. */
  meant?: string;
}

/** Of a union, the issues of the branch the writer began; every path from the root. */
export function flattenIssue(issue: Issue, parent: Path, root: unknown): Issue[] {
  const path = [...parent, ...issue.path];
  const value = valueAt(root, path);
  if (issue.code === "invalid_union" && typeof value === "object" && value !== null) {
    const branch = issue.errors.find((errors) => errors.some((error) => error.code === "unrecognized_keys" || error.path.length > 0));
    if (branch !== undefined) return branch.flatMap((inner) => flattenIssue(inner, path, root));
  }
  const sized =
    issue.code === "invalid_union" && issue.errors.flat().find((error) => error.code === "too_small" || error.code === "too_big");
  return [{ ...(sized || issue), path }];
}

export function explainIssue(issue: Issue, spec: SpecFile): Explained[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => explainUnknown([...path, key], spec));
  if (issue.code === "invalid_key") return [{ path, cause: "wrong", problem: explainName(issue, spec) }];
  const value = valueAt(spec.value, path);
  const later = explainLater(path, value, quote(String(value)), spec, "value");
  if (later !== undefined) return [later];
  if (value === undefined && path.length > 0) return [{ path, cause: "missing", problem: explainMissing(path, spec) }];
  return [{ path, cause: "wrong", problem: problemAt(spec, path, explainValue(issue, value, spec)) }];
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined),
    root,
  );
}

function explainLater(path: Path, value: unknown, what: string, spec: SpecFile, part: "key" | "value"): Explained | undefined {
  const later = findLaterFeature(path, value);
  if (later === undefined) return undefined;
  return { path, cause: "later", problem: problemAt(spec, path, { why: `${what} is not in this version`, try: later.instead }, part) };
}

function explainUnknown(path: Path, spec: SpecFile): Explained {
  const field = String(path.at(-1));
  const later = explainLater(path, valueAt(spec.value, path), field, spec, "key");
  if (later !== undefined) return later;
  const { fields } = allowedAt(path.slice(0, -1), spec.value);
  const meant = suggest(field, fields);
  const advice = meant === undefined ? `use one of: ${fields.join(", ")}` : `write ${meant}`;
  const problem = problemAt(spec, path, { why: `there is no field ${quote(field)} here`, try: advice }, "key");
  return { path, cause: "unknown", problem, ...(meant === undefined ? {} : { meant }) };
}

function explainName(issue: Issue & { code: "invalid_key" }, spec: SpecFile): Problem {
  const name = String(issue.path.at(-1));
  const legal = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[-0-9]+/, "")
    .slice(0, 31)
    .replace(/-+$/, "");
  const example = { networks: "apps", ip: "db" }[String(issue.path.at(-2))] ?? "vm1";
  const why = `${quote(name)} is not a legal name: ${issue.issues[0]?.message ?? "it is not allowed here"}`;
  return problemAt(spec, issue.path, { why, try: `write ${legal === "" || legal === name ? `a name like ${example}` : legal}` }, "key");
}

function explainMissing(path: Path, spec: SpecFile): Problem {
  const field = String(path.at(-1));
  return problemAt(spec, path, { why: `${quote(field)} is missing`, try: `add ${field}: ${exampleText(path, spec)}` });
}

function explainValue(issue: Issue, value: unknown, spec: SpecFile): Pick<Problem, "why" | "try"> {
  if (issue.code === "custom") return { why: issue.message, try: String(issue.params?.["try"] ?? "correct the value") };
  if (issue.code === "too_small") return { why: `${describe(value)} is less than ${issue.minimum}`, try: `write ${issue.minimum} or more` };
  if (issue.code === "too_big") return { why: `${describe(value)} is more than ${issue.maximum}`, try: `write ${issue.maximum} or less` };
  if (issue.code === "invalid_format")
    return { why: `${describe(value)} does not fit: ${issue.message}`, try: `write something like ${exampleText(issue.path, spec)}` };
  if (issue.path.length === 0) {
    return {
      why: `a spec is a mapping with version, cluster, hosts and networks, and this is ${value === null ? "empty" : describe(value)}`,
      try: "write a first one with `spanwire init`",
    };
  }
  if (issue.path.join() === "version" && typeof value === "number" && value > 1) {
    const why = `this program reads version 1 of the file, and it is of version ${value}`;
    return { why, try: "use the Spanwire that the file was written for" };
  }
  const { values, types } = allowedAt(issue.path, spec.value);
  const why = `${describe(value)} is not ${[...values, ...types].join(" or ")}`;
  const isQuotedNumber = typeof value === "string" && types.includes("a whole number") && /^[1-9][0-9]*$/.test(value);
  if (isQuotedNumber) return { why, try: `write ${value} without quotes` };
  const near = typeof value === "string" ? suggest(value, values) : undefined;
  return { why, try: `write ${near ?? exampleText(issue.path, spec)}` };
}

function describe(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : String(value);
}

function exampleText(path: Path, spec: SpecFile): string {
  const { example } = allowedAt(path, spec.value);
  return example === undefined ? "a value" : yamlLine(example);
}
