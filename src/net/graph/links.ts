import { compareText } from "../../util/compare-text.ts";

/** Which hosts are joined directly. */
export type Topology =
  | { shape: "mesh" }
  | { shape: "ring" }
  /** Everybody to one. */
  | { shape: "star"; hub: string }
  /** Pairs of host names, each sorted, sorted. */
  | { shape: "links"; links: readonly (readonly [string, string])[] }
  /** Each host to so many others, half of them on either side in the order of the hosts' numbers: no full mesh for many hosts. */
  | { shape: "nearest"; count: number };

/** Two hosts with a tunnel between them, by name, sorted. */
export type Link = readonly [string, string];

/** The links of a topology over hosts given in the order of their numbers; sorted, each once. Unknown hosts are left out. */
export function resolveLinks(topology: Topology, hosts: readonly string[]): Link[] {
  switch (topology.shape) {
    case "mesh":
      return toLinks(hosts.flatMap((host, index) => hosts.slice(index + 1).map((other): Link => [host, other])));
    case "ring":
      return toLinks(hosts.map((host, index): Link => [host, hosts[(index + 1) % hosts.length] ?? host]));
    case "star":
      return hosts.includes(topology.hub) ? toLinks(hosts.map((host): Link => [host, topology.hub])) : [];
    case "links": {
      const known = new Set(hosts);
      return toLinks(topology.links.filter(([a, b]) => known.has(a) && known.has(b)));
    }
    case "nearest":
      return toLinks(hosts.flatMap((host, index) => nearest(hosts, index, topology.count).map((other): Link => [host, other])));
  }
}

/** How many links that makes over so many hosts, without making them; `links` counts those that are written. */
export function countLinks(topology: Topology, hostCount: number): number {
  const mesh = (hostCount * (hostCount - 1)) / 2;
  switch (topology.shape) {
    case "mesh":
      return mesh;
    case "ring":
      return Math.min(hostCount, mesh);
    case "star":
      return Math.max(hostCount - 1, 0);
    case "links":
      return topology.links.length;
    case "nearest":
      return Math.min(hostCount * Math.ceil(topology.count / 2), mesh);
  }
}

/** Half of `count` on the one side in the ring of hosts; the other half count this one among theirs. */
function nearest(hosts: readonly string[], index: number, count: number): string[] {
  const reach = Math.min(Math.ceil(count / 2), hosts.length - 1);
  return Array.from({ length: reach }, (_, step) => hosts[(index + step + 1) % hosts.length] ?? "");
}

function toLinks(pairs: readonly Link[]): Link[] {
  const links = new Map<string, Link>();
  for (const [a, b] of pairs) {
    if (a === b) continue;
    const link: Link = compareText(a, b) < 0 ? [a, b] : [b, a];
    links.set(JSON.stringify(link), link);
  }
  return [...links.values()].toSorted((x, y) => compareText(x[0], y[0]) || compareText(x[1], y[1]));
}
