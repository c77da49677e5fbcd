import type { ReceivedResult } from "../../host/probe/protocol.ts";
import type { Measurements } from "./measurements.ts";
import type { Endpoint, Round } from "./session.ts";
import { formatToken } from "./token.ts";

/** One may be lost on a network that is right. */
const COPIES = 2;

const addressOf = ({ at }: Endpoint): string => at.probe.split("/")[0] ?? "";

/** Packets from every endpoint to every other of its network: who receives them sees whom they come from. */
export function askPeerUnicast(round: Round, endpoints: readonly Endpoint[], run: string): void {
  for (const from of endpoints) {
    const peers = endpoints.filter((to) => to !== from && to.network === from.network);
    if (peers.length === 0) continue;
    const token = formatToken(run, "peer", from);
    const messages = peers.flatMap((to) => Array.from({ length: COPIES }, () => ({ token, address: addressOf(to) })));
    round.ask(from.at.host, { at: "probe", network: from.network.name }, "send", { messages }, () => {
      // What could not be sent arrives nowhere, and the pings of the same pair say why.
    });
  }
}

/** What arrived at one endpoint: a row for every peer, without a source where nothing came. */
export function takePeerUnicast(
  to: Endpoint,
  peers: readonly Endpoint[],
  tokens: ReceivedResult,
  run: string,
  seen: Pick<Measurements, "sources">,
): void {
  for (const from of peers) {
    const token = formatToken(run, "peer", from);
    const [arrived] = tokens
      .filter((one) => one.token === token)
      .toSorted((a, b) => Number(a.source === addressOf(from)) - Number(b.source === addressOf(from)));
    seen.sources.push({ network: to.network.name, from: from.at.host, to: to.at.host, source: arrived?.source ?? "" });
  }
}
