import { SpanwireError, type FilePosition, type Problem } from "../model/problem.ts";
import { checkCluster } from "./check/check-cluster.ts";
import type { Cluster } from "../model/cluster.ts";
import { decodeSpec } from "./decode-spec.ts";
import { MAX_HOSTS, MAX_NETWORKS } from "./schema/limits.ts";
import { resolveCluster } from "./resolve-cluster.ts";
import { byPlace, schemaProblems } from "./explain/schema-problems.ts";
import { problemAt, readSpecFile, type Path, type SpecFile } from "./yaml/spec-file.ts";
import { specSchema, type Spec } from "./schema/spec-schema.ts";

export interface ParsedSpec {
  cluster: Cluster;
  /** Legal, but likely not meant. */
  warnings: Problem[];
  /** Where a path like ["networks", "apps", "subnet"] stands in the file. */
  locate: (path: Path) => FilePosition;
}

/** The bytes of a spec file. Throws SpanwireError with every problem of the file. */
export function parseSpecBytes(bytes: Uint8Array, file: string): ParsedSpec {
  return parseSpec(decodeSpec(bytes, file), file);
}

/** The text of a spec file. Throws SpanwireError with every problem of the file. */
export function parseSpec(text: string, file: string): ParsedSpec {
  const spec = readSpecFile(text, file);
  const tooMany = findTooMany(spec);
  if (tooMany.length > 0) throw new SpanwireError(tooMany);

  const parsed = specSchema.safeParse(spec.value);
  const problems = parsed.success ? [] : schemaProblems(parsed.error.issues, spec);
  // What is whole is checked also beside what is broken: all problems of a file in one go.
  const whole = parsed.success
    ? parsed.data
    : withoutBroken(
        spec.value,
        parsed.error.issues.map((issue) => issue.path),
      );
  const cluster = whole === undefined ? undefined : resolveCluster(whole);
  const found = cluster === undefined ? { problems: [], warnings: [] } : checkCluster(cluster, spec);
  problems.push(...found.problems);
  if (problems.length > 0 || cluster === undefined) throw new SpanwireError(problems.toSorted(byPlace));
  return { cluster, warnings: found.warnings.toSorted(byPlace), locate: (path) => spec.locate(path) };
}

/** Before the schema looks at each of a million hosts. */
function findTooMany(spec: SpecFile): Problem[] {
  const limits = [
    ["hosts", MAX_HOSTS],
    ["networks", MAX_NETWORKS],
  ] as const;
  return limits.flatMap(([field, most]) => {
    const value = (spec.value as Record<string, unknown> | null)?.[field];
    const count = typeof value === "object" && value !== null ? Object.keys(value).length : 0;
    if (count <= most) return [];
    return [problemAt(spec, [field], { why: `there are ${count} ${field}; at most ${most} are supported`, try: "split the cluster" })];
  });
}

/** The spec without the hosts and networks that have an issue; undefined when nothing remains to be checked. */
function withoutBroken(value: unknown, broken: readonly Path[]): Spec | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const keep = (field: string): Record<string, unknown> => {
    const names = new Set(broken.filter((path) => path[0] === field).map((path) => path[1]));
    const entries = (value as Record<string, unknown>)[field];
    return typeof entries === "object" && entries !== null
      ? Object.fromEntries(Object.entries(entries).filter(([name]) => !names.has(name)))
      : {};
  };
  const rest = specSchema.safeParse({ version: 1, cluster: "unnamed", hosts: keep("hosts"), networks: keep("networks") });
  return rest.success ? rest.data : undefined;
}
