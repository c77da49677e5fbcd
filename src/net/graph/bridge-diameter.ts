import type { Link } from "./links.ts";

export interface BridgeDiameter {
  /** Bridges on the path, both ends counted. */
  length: number;
  /** The link without which it is that long; absent when it is with all of them. */
  without?: Link;
}

/** Hosts and links looked at for one answer: a fraction of a second. */
const MOST_STEPS = 20_000_000;

/**
 * The bridge diameter: the longest of the shortest paths between two hosts, with all links or with any one of them lost: what a spanning tree message
 * has to pass then. Exact for a tree, and for whatever has few hosts (about 120) or few links that lie on a loop. Of more, the
 * row is looked for from an end of the lost link, and from the host furthest from there: it may be longer than what is found,
 * never shorter. Of more than about 2,000 links none is taken out. Looks no further when a row is longer than `enough`.
 */
export function findBridgeDiameter(hosts: readonly string[], links: readonly Link[], enough = Infinity): BridgeDiameter {
  const graph = toGraph(hosts, links);
  const searchSteps = hosts.length + 2 * links.length;
  const whole = measureDiameter(graph, hosts.length * searchSteps <= MOST_STEPS ? "every host" : 0);
  let longest: BridgeDiameter = { length: whole };
  if (whole > enough || 3 * links.length * searchSteps > MOST_STEPS) return longest;
  const detours = [...links.keys()].flatMap((cut) => {
    const hops = countHopsAround(graph, cut);
    return hops === undefined ? [] : [{ cut, hops }];
  });
  const isExact = detours.length * hosts.length * searchSteps <= MOST_STEPS;
  for (const { cut, hops } of detours) {
    if (longest.length > enough) break;
    // a way that used the link is at most as much longer as the way around it
    if (longest.length >= Math.min(hosts.length, whole + hops - 1)) continue;
    const length = measureDiameter(graph, isExact ? "every host" : graph.ends[2 * cut]!, cut);
    if (length > longest.length) longest = { length, without: links[cut]! };
  }
  return longest;
}

/** From one end of a link to the other without it; undefined when there is no such way. */
function countHopsAround(graph: Graph, cut: number): number | undefined {
  const { depths } = search(graph, graph.ends[2 * cut]!, cut);
  const hops = depths[graph.ends[2 * cut + 1]!]!;
  return hops === -1 ? undefined : hops;
}

/** Hosts and links as numbers, for a search looks at each of them many times. */
interface Graph {
  hostCount: number;
  /** Of link N the two at 2N and 2N + 1. */
  ends: Int32Array;
  /** Of host N the links at `links[first[N]]` to before `links[first[N + 1]]`. */
  first: Int32Array;
  links: Int32Array;
}

function toGraph(hosts: readonly string[], links: readonly Link[]): Graph {
  const numbers = new Map(hosts.map((host, number) => [host, number]));
  const ends = Int32Array.from(links.flat(), (host) => numbers.get(host)!);
  const first = new Int32Array(hosts.length + 1);
  for (const end of ends) first[end + 1]!++;
  for (let host = 0; host < hosts.length; host++) first[host + 1]! += first[host]!;
  const next = first.slice();
  const linksOf = new Int32Array(ends.length);
  ends.forEach((host, at) => {
    linksOf[next[host]!++] = at >> 1;
  });
  return { hostCount: hosts.length, ends, first, links: linksOf };
}

function measureDiameter(graph: Graph, from: number | "every host", cut?: number): number {
  if (graph.hostCount === 0) return 0;
  if (from !== "every host") return search(graph, search(graph, from, cut).last, cut).depth + 1;
  let deepest = 0;
  for (let host = 0; host < graph.hostCount; host++) deepest = Math.max(deepest, search(graph, host, cut).depth);
  return deepest + 1;
}

interface Search {
  /** The last host reached, and how many links away it is. */
  last: number;
  depth: number;
  /** Of every host; -1 when it is not reached. */
  depths: Int32Array;
}

/** From one host outwards. */
function search({ hostCount, ends, first, links }: Graph, start: number, cut: number | undefined): Search {
  const depths = new Int32Array(hostCount).fill(-1);
  const queue = new Int32Array(hostCount);
  let [length, last] = [1, start];
  queue[0] = start;
  depths[start] = 0;
  for (let i = 0; i < length; i++) {
    last = queue[i]!;
    for (let at = first[last]!; at < first[last + 1]!; at++) {
      const link = links[at]!;
      const other = ends[2 * link] === last ? ends[2 * link + 1]! : ends[2 * link]!;
      if (link === cut || depths[other] !== -1) continue;
      depths[other] = depths[last]! + 1;
      queue[length++] = other;
    }
  }
  return { last, depth: depths[last]!, depths };
}
