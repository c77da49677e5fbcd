import { SpanwireError, type FilePosition, type Problem } from "../model/problem.ts";
import { checkCluster, checkPlaces } from "./check/check-cluster.ts";
import type { Cluster } from "../model/cluster.ts";
import { decodeSpec } from "./decode-spec.ts";
import { MAX_HOSTS, MAX_NETWORKS } from "./schema/limits.ts";
import { resolveCluster } from "./resolve-cluster.ts";
import { byPlace, schemaProblems } from "./explain/schema-problems.ts";
import { problemAt, readSpecFile, type Path, type SpecFile } from "./yaml/spec-file.ts";
import { issuesUnderBadNames, keepPlaces, keepWhole } from "./salvage.ts";
import { specSchema } from "./schema/spec-schema.ts";

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
  const issues = parsed.error?.issues ?? [];
  const problems = [...spec.problems, ...schemaProblems([...issues, ...issuesUnderBadNames(spec.value, issues)], spec)];
  const paths = issues.map(({ path }) => path);
  const whole = parsed.data ?? keepWhole(spec.value, paths);
  const cluster = whole === undefined ? undefined : resolveCluster(whole);
  const found = cluster === undefined ? { problems: [], warnings: [] } : checkCluster(cluster, spec);
  problems.push(...found.problems);
  if (!parsed.success) problems.push(...findMisplaced(spec, problems));
  if (problems.length > 0 || cluster === undefined) throw new SpanwireError(problems.toSorted(byPlace));
  return { cluster, warnings: found.warnings.toSorted(byPlace), locate: (path) => spec.locate(path) };
}

/** What is wrong with the addresses and subnets of all hosts and networks, also of those with other mistakes. */
function findMisplaced(spec: SpecFile, known: readonly Problem[]): Problem[] {
  const places = keepPlaces(spec.value);
  if (places === undefined) return [];
  const isKnown = new Set(known.map(({ what, why }) => JSON.stringify([what, why])));
  return checkPlaces(resolveCluster(places), spec).problems.filter(({ what, why }) => !isKnown.has(JSON.stringify([what, why])));
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
