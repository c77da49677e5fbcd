import { compareText } from "../../util/compare-text.ts";
import { neighboursByHost } from "./graph.ts";
import type { Link } from "./links.ts";

/** What makes one bridge better than another in a spanning tree (IEEE 802.1D-2004, 9.2.5): lower priority, then lower MAC. */
export interface BridgeId {
  priority: number;
  mac: string;
}

export interface SpanningTree {
  root: string;
  /** Links that carry no frames while all is well, with the host whose port is blocked. */
  blocked: readonly { link: Link; at: string }[];
}

/**
 * The tree that STP and RSTP come to when every link costs the same (IEEE 802.1D-2004, 17.6): each bridge takes the
 * neighbour nearest to the root, of equals the one with the better id; any other link is blocked at its worse end.
 */
export function expectSpanningTree(
  hosts: readonly string[],
  links: readonly Link[],
  idOf: (host: string) => BridgeId,
): SpanningTree | undefined {
  const ids = new Map(hosts.map((host) => [host, idOf(host)]));
  const isBetter = (a: string, b: string): boolean => compareIds(ids.get(a), ids.get(b)) < 0;
  const root = hosts.reduce<string | undefined>((best, host) => (best === undefined || isBetter(host, best) ? host : best), undefined);
  if (root === undefined) return undefined;
  const neighbours = neighboursByHost(hosts, links);
  const cost = new Map([[root, 0]]);
  const queue = [root];
  for (const host of queue) {
    for (const other of neighbours.get(host) ?? []) {
      if (cost.has(other)) continue;
      cost.set(other, (cost.get(host) ?? 0) + 1);
      queue.push(other);
    }
  }
  const costOf = (host: string): number => cost.get(host) ?? Infinity;
  const parentOf = (host: string): string | undefined =>
    (neighbours.get(host) ?? [])
      .filter((other) => costOf(other) === costOf(host) - 1)
      .reduce<string | undefined>((best, other) => (best === undefined || isBetter(other, best) ? other : best), undefined);
  const parents = new Map(hosts.map((host) => [host, parentOf(host)]));
  const blocked = links.flatMap((link) => {
    const [a, b] = link;
    if (parents.get(a) === b || parents.get(b) === a) return [];
    const isWorse = costOf(a) > costOf(b) || (costOf(a) === costOf(b) && isBetter(b, a));
    return [{ link, at: isWorse ? a : b }];
  });
  return { root, blocked };
}

function compareIds(a: BridgeId | undefined, b: BridgeId | undefined): number {
  return (a?.priority ?? Infinity) - (b?.priority ?? Infinity) || compareText(a?.mac ?? "", b?.mac ?? "");
}
