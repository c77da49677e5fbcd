import type { PingResult, Place } from "../../host/probe/protocol.ts";
import type { PacketRow } from "./measurements.ts";
import type { Round } from "./session.ts";

/** Packets from a place on a host to an address; the row is filled as answers come in. */
export interface Journey {
  host: string;
  place: Place;
  address: string;
  /** The full size, IP header included. */
  sizeBytes: number;
  row: PacketRow;
  /** A size worth trying first, when the search comes to it. */
  guessBytes?: () => number | null;
}

/** More than one, because the first waits for address resolution and one may be lost. */
const SMALL_COUNT = 3;
const FULL_COUNT = 2;
/** A broken switch breaks every pair: a few searches per place tell enough. */
const MAX_SEARCHES = 8;
const SEARCH_TIMEOUT_MS = 500;

export const UNMEASURED: Readonly<PacketRow> = {
  answered: false,
  received: 0,
  rttMs: null,
  error: "",
  fullPassed: false,
  fullError: "",
  tooBigMtuBytes: null,
  foundMtuBytes: null,
};

/** Small packets and packets of the full size with "don't fragment", both at once. */
export function askPackets(round: Round, journeys: readonly Journey[], timeoutMs: number): void {
  for (const group of groupBy(journeys, ({ host, place, sizeBytes }) => JSON.stringify([host, place, sizeBytes]))) {
    const [{ host, place, sizeBytes }] = group;
    const targets = group.map(({ address }) => address);
    const take = (fill: (row: PacketRow, result: PingResult) => void) => (results: readonly PingResult[]) => {
      for (const [index, { row }] of group.entries()) {
        const result = results[index];
        if (result !== undefined) fill(row, result);
      }
    };
    const small = take((row, result) => {
      // asked again in vain: the first words stay, for what the kernel says changes only with how long it has waited
      if (row.answered && result.received === 0) return;
      Object.assign(row, { answered: true, received: result.received, rttMs: result.rttMs, error: result.error });
    });
    const full = take((row, result) =>
      Object.assign(row, { fullPassed: result.received > 0, fullError: result.error, tooBigMtuBytes: result.tooBigMtuBytes }),
    );
    round.ask(host, place, "ping", { targets, count: SMALL_COUNT, timeoutMs }, small);
    round.ask(host, place, "ping", { targets, sizeBytes, dontFragment: true, count: FULL_COUNT, timeoutMs }, full);
  }
}

/** For what is reachable but too narrow: the size that does pass. */
export function askSearches(round: Round, journeys: readonly Journey[]): void {
  const narrow = journeys.filter(({ row }) => row.received > 0 && !row.fullPassed);
  for (const group of groupBy(narrow, ({ host, place }) => JSON.stringify([host, place]))) {
    for (const { host, place, address, sizeBytes, row, guessBytes } of group.slice(0, MAX_SEARCHES)) {
      const hintBytes = row.tooBigMtuBytes ?? guessBytes?.() ?? undefined;
      round.ask(host, place, "pathMtu", { target: address, failedBytes: sizeBytes, hintBytes, timeoutMs: SEARCH_TIMEOUT_MS }, (result) => {
        row.foundMtuBytes = result.mtuBytes;
        row.fullPassed = (result.mtuBytes ?? 0) >= sizeBytes; // lost the first time, not too large
      });
    }
  }
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): [T, ...T[]][] {
  return [...Map.groupBy(items, key).values()] as [T, ...T[]][];
}
