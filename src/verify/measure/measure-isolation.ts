import type { IsolationRow, Measurements } from "./measurements.ts";
import type { Endpoint, Round } from "./session.ts";
import { formatToken } from "./token.ts";

/**
 * Addresses one host asks for on foreign segments: each takes an entry of the kernel's neighbour table, which holds
 * 1,024 for the whole machine (arp(7), gc_thresh3), and the table also serves the user's traffic.
 */
const RESOLVE_BUDGET = 256;

type Wanted = Omit<IsolationRow, "leaked">;

/** Every pair of endpoints of different networks: `b` is what `a` must not reach. */
function findForeign(from: Endpoint, endpoints: readonly Endpoint[]): Endpoint[] {
  return endpoints.filter((to) => to.network !== from.network);
}

function addressOf(to: Endpoint, of: "probe" | "gateway"): string {
  return of === "gateway" ? to.at.gateway : (to.at.probe.split("/")[0] ?? "");
}

function row(from: Endpoint, to: Endpoint, how: IsolationRow["how"], of: IsolationRow["of"]): Wanted {
  return { a: from.network.name, from: from.at.host, b: to.network.name, to: to.at.host, how, of, address: addressOf(to, of) };
}

/** Do addresses of other networks answer on this network's segment? */
export function askResolves(round: Round, endpoints: readonly Endpoint[], waitMs: number, seen: Measurements): void {
  for (const here of Map.groupBy(endpoints, ({ at }) => at.host).values()) {
    const share = Math.max(2, Math.floor(RESOLVE_BUDGET / here.length));
    for (const from of here) {
      // The own host first: a link between two bridges, or an answer for an address of the same host, shows there.
      const foreign = findForeign(from, endpoints).sort((x, y) => Number(y.at.host === from.at.host) - Number(x.at.host === from.at.host));
      const wanted = foreign.flatMap((to) => [row(from, to, "arp", "probe"), row(from, to, "arp", "gateway")]);
      const asked = wanted.slice(0, share);
      if (asked.length === 0) continue;
      if (asked.length < wanted.length) {
        seen.notTested.push(
          `${from.network.name} on ${from.at.host}: ${wanted.length - asked.length} of ${wanted.length} foreign addresses not asked for by ARP`,
        );
      }
      round.ask(
        from.at.host,
        { at: "probe", network: from.network.name },
        "resolve",
        { addresses: asked.map(({ address }) => address), waitMs },
        (answers) => {
          for (const [index, { mac }] of answers.entries()) {
            const question = asked[index];
            if (question !== undefined) seen.isolation.push({ ...question, leaked: mac !== null });
          }
        },
      );
    }
  }
}

/** One token to every probe of other networks, one ping to every gateway of theirs: both must go nowhere. */
export function askForeignUnicast(round: Round, endpoints: readonly Endpoint[], run: string, timeoutMs: number, seen: Measurements): void {
  for (const from of endpoints) {
    const place = { at: "probe", network: from.network.name } as const;
    const foreign = findForeign(from, endpoints);
    if (foreign.length === 0) continue;
    const token = formatToken(run, "unicast", from);
    round.ask(from.at.host, place, "send", { messages: foreign.map((to) => ({ token, address: addressOf(to, "probe") })) }, () => {
      // What could not be sent does not leak either.
    });
    const gateways = foreign.map((to) => row(from, to, "gateway", "gateway"));
    round.ask(from.at.host, place, "ping", { targets: gateways.map(({ address }) => address), count: 1, timeoutMs }, (results) => {
      for (const [index, { received }] of results.entries()) {
        const question = gateways[index];
        if (question !== undefined) seen.isolation.push({ ...question, leaked: received > 0 });
      }
    });
  }
}

/** Which of the foreign unicast tokens one endpoint received. */
export function takeForeignUnicast(
  to: Endpoint,
  endpoints: readonly Endpoint[],
  tokens: ReadonlySet<string>,
  run: string,
  seen: Measurements,
): void {
  for (const from of findForeign(to, endpoints)) {
    seen.isolation.push({ ...row(from, to, "unicast", "probe"), leaked: tokens.has(formatToken(run, "unicast", from)) });
  }
}
