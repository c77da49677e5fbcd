import type { Check, VerifyFailure } from "../report/report.ts";

/**
 * One measured property that is not as promised, before it is put into words. One broken cable breaks many pairs on
 * many networks: findings of one check with the same cause become one failure.
 */
export interface Finding {
  check: Check;
  /** Equal for findings that one line can explain. */
  cause: string;
  network: string;
  from: string;
  /** Absent when the property is one of a single host. */
  to?: string;
  explain(subject: Subject): Explanation;
}

export interface Subject {
  networks: readonly string[];
  /** "apps", or "apps, legacy". */
  networkNames: string;
  /** "vm1 <-> vm3, vm2 -> vm3" or "vm1, vm2". */
  places: string;
  /** The host every finding has in common, when there are several others. */
  common: string | undefined;
}

export interface Explanation {
  doing: string;
  what: string;
  why: string;
  try: string;
  /** The host to look at, when it is not the first one of the group. */
  where?: string;
}

/** Places named in one line before it says "and N more". */
const MAX_PLACES = 6;

export function groupFindings(findings: readonly Finding[]): VerifyFailure[] {
  const byPlace = [...Map.groupBy(findings, ({ check, cause, from, to }) => JSON.stringify([check, cause, from, to])).values()];
  const networksOf = (group: readonly Finding[]): string[] => [...new Set(group.map(({ network }) => network))].sort();
  const byCause = Map.groupBy(byPlace, (group) => JSON.stringify([group[0]?.check, group[0]?.cause, networksOf(group)]));
  return [...byCause.values()].flatMap((groups) => {
    const all = groups.flatMap((group) => group.slice(0, 1));
    const [first] = all;
    if (first === undefined) return [];
    const networks = networksOf(groups[0] ?? []);
    const subject = { networks, networkNames: networks.join(", "), places: describePlaces(all), common: findCommon(all) };
    return [{ check: first.check, kind: "verify" as const, where: first.from, ...first.explain(subject) }];
  });
}

function describePlaces(findings: readonly Finding[]): string {
  const links = new Set(findings.map(({ from, to }) => `${from} ${to}`));
  const places = findings.flatMap(({ from, to }) => {
    if (to === undefined) return [from];
    if (!links.has(`${to} ${from}`)) return [`${from} -> ${to}`];
    return from < to ? [`${from} <-> ${to}`] : [];
  });
  const shown = places.slice(0, MAX_PLACES).join(", ");
  return places.length > MAX_PLACES ? `${shown} and ${places.length - MAX_PLACES} more` : shown;
}

function findCommon(findings: readonly Finding[]): string | undefined {
  const pairs = findings.map(({ from, to }) => [from, to]);
  const others = new Set(pairs.flat());
  if (others.size < 3) return undefined;
  return [...others].find((host) => pairs.every((pair) => pair.includes(host)));
}
