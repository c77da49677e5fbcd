import type { Link } from "./links.ts";

/** Every host with its neighbours, in the given order. */
export function neighboursByHost(hosts: readonly string[], links: readonly Link[]): Map<string, string[]> {
  const byHost = new Map<string, string[]>(hosts.map((host) => [host, []]));
  for (const [a, b] of links) {
    byHost.get(a)?.push(b);
    byHost.get(b)?.push(a);
  }
  return byHost;
}

/** Groups of hosts that reach each other; one group when nobody is cut off. */
export function findParts(hosts: readonly string[], links: readonly Link[]): string[][] {
  const neighbours = neighboursByHost(hosts, links);
  const seen = new Set<string>();
  return hosts.flatMap((host) => {
    if (seen.has(host)) return [];
    const part = [host];
    seen.add(host);
    for (const next of part) {
      for (const other of neighbours.get(next) ?? []) {
        if (!seen.has(other)) part.push(other);
        seen.add(other);
      }
    }
    return [part];
  });
}

export function hasCycle(hosts: readonly string[], links: readonly Link[]): boolean {
  return findClosingLink(hosts, links) !== undefined;
}

/** The first link whose ends were joined already by those before it (Kruskal's test for a cycle). */
export function findClosingLink(hosts: readonly string[], links: readonly Link[]): Link | undefined {
  const groups = new Map(hosts.map((host) => [host, host]));
  const groupOf = (host: string): string => {
    let group = host;
    for (let next = groups.get(group); next !== undefined && next !== group; next = groups.get(group)) {
      groups.set(group, groups.get(next) ?? next);
      group = next;
    }
    return group;
  };
  return links.find(([a, b]) => {
    const [from, to] = [groupOf(a), groupOf(b)];
    groups.set(from, to);
    return from === to;
  });
}

/**
 * Hosts whose loss would part others: what a person must know of a star or a chain. Tarjan's articulation points (1972),
 * with a stack of our own, for a chain may be 10,000 hosts long.
 */
export function findSinglePoints(hosts: readonly string[], links: readonly Link[]): string[] {
  const neighbours = neighboursByHost(hosts, links);
  const visit = new Map<string, Visit>();
  const points = new Set<string>();
  for (const root of hosts) {
    if (!visit.has(root)) visitPart(root, neighbours, visit, points);
  }
  return hosts.filter((host) => points.has(host));
}

interface Visit {
  /** When the host was first seen, and the earliest host that it or those below it are linked to. */
  order: number;
  low: number;
  parent: string | undefined;
  /** The neighbour to look at next. */
  next: number;
}

function visitPart(root: string, neighbours: ReadonlyMap<string, readonly string[]>, visit: Map<string, Visit>, points: Set<string>): void {
  const enter = (host: string, parent: string | undefined): void => {
    visit.set(host, { order: visit.size, low: visit.size, parent, next: 0 });
    stack.push(host);
  };
  const stack: string[] = [];
  let childrenOfRoot = 0;
  enter(root, undefined);
  for (let host = stack.at(-1); host !== undefined; host = stack.at(-1)) {
    const here = visit.get(host)!;
    const other = neighbours.get(host)?.[here.next++];
    if (other === undefined) {
      stack.pop();
      const above = here.parent === undefined ? undefined : visit.get(here.parent);
      if (here.parent === undefined || above === undefined) continue;
      above.low = Math.min(above.low, here.low);
      if (here.parent === root) childrenOfRoot++;
      else if (here.low >= above.order) points.add(here.parent);
      continue;
    }
    const known = visit.get(other);
    if (known === undefined) enter(other, host);
    else if (other !== here.parent) here.low = Math.min(here.low, known.order);
  }
  if (childrenOfRoot > 1) points.add(root);
}
