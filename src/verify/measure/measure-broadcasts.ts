import { isIPv6 } from "node:net";
import type { Measurements } from "./measurements.ts";
import type { Endpoint, Round, Session } from "./session.ts";
import type { ReceivedResult } from "../../host/probe/protocol.ts";
import { formatToken } from "./token.ts";

/**
 * Where one packet reaches every endpoint of a segment. RFC 919: an endpoint takes the limited broadcast whatever its
 * own subnet is, so a leak into another network shows too. RFC 4291, 2.7.1 for IPv6.
 */
const LIMITED_BROADCAST = "255.255.255.255";
const ALL_NODES = "ff02::1";

export function askBroadcast(round: Round, from: Endpoint, token: string): void {
  const message = { token, address: isIPv6(from.at.gateway) ? ALL_NODES : LIMITED_BROADCAST };
  round.ask(from.at.host, { at: "probe", network: from.network.name }, "send", { messages: [message] }, () => {
    // What could not be sent shows as missing at every receiver.
  });
}

/** Copies by token of everything one endpoint received, once what it should have received is there or the time is over. */
export function askReceived(
  round: Round,
  to: Endpoint,
  expected: readonly string[],
  { settleMs, replyMs }: { settleMs: number; replyMs: number },
  take: (copies: ReadonlyMap<string, number>, tokens: ReceivedResult) => void,
): void {
  const params = { expect: expected, settleMs, deadlineMs: replyMs };
  round.ask(to.at.host, { at: "probe", network: to.network.name }, "received", params, (tokens) => {
    const copies = new Map<string, number>();
    for (const { token, copies: more } of tokens) copies.set(token, (copies.get(token) ?? 0) + more);
    take(copies, tokens);
  });
}

/** A single packet may get lost on a network that is right: who missed a broadcast is asked about one more. */
export async function repeatLostBroadcasts(
  { endpoints, createRound }: Session,
  run: string,
  wait: { settleMs: number; replyMs: number },
  seen: Measurements,
): Promise<void> {
  const shared = new Set(endpoints.flatMap(({ network }) => (network.layer === 2 ? [network.name] : [])));
  const lost = seen.broadcasts.filter(({ a, b, from, to, copies }) => a === b && shared.has(a) && from !== to && copies === 0);
  if (lost.length === 0) return;
  const isOf = (endpoint: Endpoint, network: string, host: string): boolean =>
    endpoint.network.name === network && endpoint.at.host === host;
  const sending = createRound();
  for (const from of endpoints.filter((endpoint) => lost.some((row) => isOf(endpoint, row.a, row.from)))) {
    askBroadcast(sending, from, formatToken(run, "repeated", from));
  }
  await sending.run();
  const receiving = createRound();
  for (const to of endpoints) {
    const missed = lost.filter((row) => isOf(to, row.b, row.to));
    const senders = endpoints.filter((from) => missed.some((row) => isOf(from, row.a, row.from)));
    if (senders.length === 0) continue;
    const expected = senders.map((from) => formatToken(run, "repeated", from));
    askReceived(receiving, to, expected, wait, (copies) => {
      for (const from of senders) {
        const row = missed.find((other) => other.from === from.at.host);
        if (row !== undefined) row.copies = copies.get(formatToken(run, "repeated", from)) ?? 0;
      }
    });
  }
  await receiving.run();
}
