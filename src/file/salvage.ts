import { specSchema, type Spec } from "./schema/spec-schema.ts";
import type { Issue } from "./explain/explain-issue.ts";
import type { Path } from "./yaml/spec-file.ts";

/**
 * What of a spec that broke the schema can be judged all the same, so that all mistakes of a file are told in one go.
 */

/** The spec without the hosts and networks that have an issue; undefined when nothing remains to be checked. */
export function keepWhole(value: unknown, broken: readonly Path[]): Spec | undefined {
  if (!isRecord(value)) return undefined;
  const keep = (field: string): Record<string, unknown> => {
    const names = new Set(broken.filter((path) => path[0] === field).map((path) => path[1]));
    return Object.fromEntries(entriesOf(value, field).filter(([name]) => !names.has(name)));
  };
  return parse(keep("hosts"), keep("networks"));
}

/** Every host with a legal address, and every network with a legal subnet, without anything else that is written there. */
export function keepPlaces(value: unknown): Spec | undefined {
  if (!isRecord(value)) return undefined;
  const keep = (field: string, place: string, rest: object): Record<string, unknown> => {
    const reduced = entriesOf(value, field).map(([name, entry]): [string, unknown] => [name, { [place]: entryOf(entry, place), ...rest }]);
    const issues = specSchema.safeParse({ ...EMPTY, [field]: Object.fromEntries(reduced) }).error?.issues ?? [];
    return Object.fromEntries(reduced.filter(([name]) => !issues.some(({ path }) => path[1] === name)));
  };
  return parse(keep("hosts", "address", {}), keep("networks", "subnet", { docker: "none" }));
}

/** The schema does not look at what stands under a name that is not legal. */
export function issuesUnderBadNames(value: unknown, issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    const [field, name, ...deeper] = issue.path;
    if (issue.code !== "invalid_key" || typeof field !== "string" || typeof name !== "string" || deeper.length > 0) return [];
    const entry = entryOf(entryOf(value, field), name);
    const below = specSchema.safeParse({ ...EMPTY, [field]: { [STAND_IN]: entry } }).error?.issues ?? [];
    return below.filter(({ path }) => path[1] === STAND_IN).map((one) => ({ ...one, path: [field, name, ...one.path.slice(2)] }));
  });
}

const EMPTY = { version: 1, cluster: "unnamed", hosts: {}, networks: {} };
const STAND_IN = "a1";

function parse(hosts: Record<string, unknown>, networks: Record<string, unknown>): Spec | undefined {
  return specSchema.safeParse({ ...EMPTY, hosts, networks }).data;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const entryOf = (record: unknown, name: string): unknown => (isRecord(record) ? record[name] : undefined);

function entriesOf(value: unknown, field: string): [string, unknown][] {
  const entries = entryOf(value, field);
  return isRecord(entries) ? Object.entries(entries) : [];
}
