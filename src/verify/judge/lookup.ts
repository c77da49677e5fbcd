import type { Measurements, PairRow, UnderlayRow } from "../measure/measurements.ts";

/** The rows of one run by what they are about. */
export interface Lookup {
  pair(network: string, from: string, to: string): PairRow | undefined;
  underlay(from: string, to: string): UnderlayRow | undefined;
  gatewayReached(network: string, from: string, to: string): boolean | undefined;
  copies(network: string, from: string, to: string): number | undefined;
}

export function createLookup(seen: Measurements): Lookup {
  // A host that was lost on the way answers nobody: that is its failure, not one of every pair.
  const lost = new Set(seen.hostProblems.map(({ host }) => host));
  const key = (...parts: string[]): string => JSON.stringify(parts);
  const pairs = new Map(
    seen.pairs
      .filter(({ answered, from, to }) => answered && !lost.has(from) && !lost.has(to))
      .map((row) => [key(row.network, row.from, row.to), row]),
  );
  const underlay = new Map(seen.underlay.filter(({ answered }) => answered).map((row) => [key(row.from, row.to), row]));
  const gateways = new Map(seen.gateways.map((row) => [key(row.network, row.from, row.to), row.reached]));
  const broadcasts = new Map(seen.broadcasts.filter(({ a, b }) => a === b).map((row) => [key(row.a, row.from, row.to), row.copies]));
  return {
    pair: (network, from, to) => pairs.get(key(network, from, to)),
    underlay: (from, to) => underlay.get(key(from, to)),
    gatewayReached: (network, from, to) => gateways.get(key(network, from, to)),
    copies: (network, from, to) => broadcasts.get(key(network, from, to)),
  };
}
