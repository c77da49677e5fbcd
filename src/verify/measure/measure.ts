import { askPeerUnicast, takePeerUnicast } from "./measure-sources.ts";
import { randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Connection } from "../../transport/connection.ts";
import { askBroadcast, askReceived, repeatLostBroadcasts } from "./measure-broadcasts.ts";
import { createContainerJourneys } from "./measure-containers.ts";
import { askGateways, createGatewayQuestions, type GatewayQuestion } from "./measure-gateways.ts";
import { askForeignUnicast, askResolves, takeForeignUnicast } from "./measure-isolation.ts";
import { askPackets, askSearches, UNMEASURED, type Journey } from "./measure-packets.ts";
import type { ContainerTarget, EgressRow, Measurements } from "./measurements.ts";
import { openSession, type Endpoint, type Round, type Session } from "./session.ts";
import type { VerifyTarget } from "./target.ts";
import { formatToken } from "./token.ts";

export interface MeasureOptions {
  /** Alias of the probes' links. Must not be a cluster's mark, or they would count as drift. */
  mark: string;
  /** Our nft table, whose rules count outer fragments; absent when there is none. */
  nftTable?: string;
  /** Reachability and packet size only. */
  light: boolean;
  /** Wait for a reply that should come. */
  replyMs: number;
  /** Wait for what should not come. */
  settleMs: number;
  containers: readonly ContainerTarget[];
}

export function createMeasurements(): Measurements {
  return {
    hostProblems: [],
    endpointProblems: [],
    pairs: [],
    underlay: [],
    gateways: [],
    fragments: [],
    broadcasts: [],
    isolation: [],
    egress: [],
    containers: [],
    sources: [],
    notTested: [],
  };
}

/** Measures everything in a handful of rounds, every host in parallel. Leaves no probe behind, also when it fails. */
export async function measureCluster(
  target: VerifyTarget,
  connections: ReadonlyMap<string, Connection>,
  options: MeasureOptions,
): Promise<Measurements> {
  const seen = createMeasurements();
  const session = await openSession(target, connections, options.mark, seen);
  try {
    const egress = options.light ? [] : await measureBefore(session, options, seen);
    const journeys = await measureReplies(target, session, egress, options, seen);
    if (!options.light) await measureSilence(session, egress, options, seen);
    await measureSizes(session, journeys);
  } finally {
    await session.close();
  }
  return seen;
}

/** What the underlay carries first: it is the likely size, less the overhead, for the overlay. */
async function measureSizes(session: Session, journeys: readonly Journey[]): Promise<void> {
  for (const onHost of [true, false]) {
    const round = session.createRound();
    askSearches(
      round,
      journeys.filter(({ place }) => (place.at === "host") === onHost),
    );
    await round.run();
  }
}

/** Counters before the first test packet, and what counts as outside. */
async function measureBefore(session: Session, options: MeasureOptions, seen: Measurements): Promise<EgressRow[]> {
  const round = session.createRound();
  const gateways = new Map<string, string | null>();
  for (const host of new Set(session.endpoints.map(({ at }) => at.host))) {
    for (const family of new Set(session.endpoints.filter(({ at }) => at.host === host).map(({ at }) => familyOf(at.gateway)))) {
      round.ask(host, { at: "host" }, "defaultGateway", { family }, ({ gateway }) => gateways.set(`${host} ${family}`, gateway));
    }
    if (options.nftTable === undefined) continue;
    round.ask(host, { at: "host" }, "fragments", { table: options.nftTable }, ({ packets }) => {
      seen.fragments.push({ host, before: packets, after: null });
    });
  }
  await round.run();
  return session.endpoints.map(({ network, at }) => ({
    network: network.name,
    host: at.host,
    address: network.egress.check ?? gateways.get(`${at.host} ${familyOf(at.gateway)}`) ?? null,
    fromHost: false,
    fromEndpoint: false,
  }));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

/** Everything that ends with a reply, and the question whether foreign addresses answer. */
async function measureReplies(
  target: VerifyTarget,
  session: Session,
  egress: EgressRow[],
  options: MeasureOptions,
  seen: Measurements,
): Promise<Journey[]> {
  const round = session.createRound();
  const journeys = [
    ...createPairJourneys(session.endpoints, seen),
    ...createUnderlayJourneys(target, session, seen),
    ...createContainerJourneys(target, session, options.containers, seen),
  ];
  const gateways = options.light ? [] : createGatewayQuestions(session.endpoints);
  askPackets(round, journeys, options.replyMs);
  askGateways(round, gateways, options.replyMs);
  if (!options.light) {
    askEgress(round, session.endpoints, egress, options, seen);
    askResolves(round, session.endpoints, options.settleMs, seen);
  }
  await round.run();
  await repeatUnanswered(session, { journeys, gateways, egress }, options.replyMs);
  seen.gateways.push(...gateways.flatMap(({ row }) => row ?? []));
  return journeys;
}

/** A network that is right loses packets too, and once in a while all of one question: what did not answer is asked again. */
async function repeatUnanswered(
  session: Session,
  asked: { journeys: readonly Journey[]; gateways: readonly GatewayQuestion[]; egress: readonly EgressRow[] },
  timeoutMs: number,
): Promise<void> {
  const round = session.createRound();
  const silent = asked.journeys.filter(({ row }) => row.answered && row.received === 0);
  askPackets(round, silent, timeoutMs);
  const gateways = asked.gateways.filter(({ row }) => row?.reached === false);
  askGateways(round, gateways, timeoutMs);
  for (const row of asked.egress) {
    if (row.fromHost && !row.fromEndpoint && isMasqueraded(session.endpoints, row)) askEgressFromEndpoint(round, row, 2, timeoutMs);
  }
  await round.run();
}

function findPeers(from: Endpoint, endpoints: readonly Endpoint[]): Endpoint[] {
  return endpoints.filter((to) => to.network === from.network && to !== from);
}

function createPairJourneys(endpoints: readonly Endpoint[], seen: Measurements): Journey[] {
  return endpoints.flatMap((from) =>
    findPeers(from, endpoints).map((to) => {
      const row = { ...UNMEASURED, network: from.network.name, from: from.at.host, to: to.at.host };
      seen.pairs.push(row);
      const address = to.at.probe.split("/")[0] ?? "";
      const guessBytes = (): number | null => {
        const carried = seen.underlay.find((under) => under.from === row.from && under.to === row.to)?.foundMtuBytes ?? null;
        return carried === null ? null : carried - from.network.overheadBytes;
      };
      return {
        host: from.at.host,
        place: { at: "probe", network: from.network.name },
        address,
        sizeBytes: from.network.mtuBytes,
        row,
        guessBytes,
      };
    }),
  );
}

/** Hosts that share a network, with the largest tunnel packet any shared network needs. */
function createUnderlayJourneys(target: VerifyTarget, session: Session, seen: Measurements): Journey[] {
  const sizes = new Map<string, { from: string; to: string; sizeBytes: number }>();
  for (const network of target.networks) {
    const sizeBytes = network.mtuBytes + network.overheadBytes;
    for (const { host: from } of network.hosts) {
      for (const { host: to } of network.hosts) {
        const known = sizes.get(`${from} ${to}`);
        if (from !== to && session.isUp(from) && (known?.sizeBytes ?? 0) < sizeBytes) sizes.set(`${from} ${to}`, { from, to, sizeBytes });
      }
    }
  }
  return [...sizes.values()].flatMap(({ from, to, sizeBytes }) => {
    const address = target.underlay[to]?.address;
    if (address === undefined) return [];
    const row = { ...UNMEASURED, from, to, sizeBytes };
    seen.underlay.push(row);
    return [{ host: from, place: { at: "host" } as const, address, sizeBytes, row }];
  });
}

/** Where the outside must be seen the reply is awaited here; where it must not, see measureSilence. */
function askEgress(round: Round, endpoints: readonly Endpoint[], egress: EgressRow[], options: MeasureOptions, seen: Measurements): void {
  for (const row of egress) {
    seen.egress.push(row);
    if (row.address === null) continue;
    const params = { targets: [row.address], count: 2, timeoutMs: options.replyMs };
    round.ask(row.host, { at: "host" }, "ping", params, ([result]) => {
      row.fromHost = (result?.received ?? 0) > 0;
    });
    if (isMasqueraded(endpoints, row)) askEgressFromEndpoint(round, row, 2, options.replyMs);
  }
}

function isMasqueraded(endpoints: readonly Endpoint[], { network, host }: EgressRow): boolean {
  return endpoints.some(
    (endpoint) => endpoint.network.name === network && endpoint.at.host === host && endpoint.network.egress.mode === "masquerade",
  );
}

function askEgressFromEndpoint(round: Round, row: EgressRow, count: number, timeoutMs: number): void {
  if (row.address === null) return;
  round.ask(row.host, { at: "probe", network: row.network }, "ping", { targets: [row.address], count, timeoutMs }, ([result]) => {
    row.fromEndpoint = (result?.received ?? 0) > 0;
  });
}

/** Sends everything that must not arrive, or must arrive exactly once, then waits one time for all of it. */
async function measureSilence(session: Session, egress: readonly EgressRow[], options: MeasureOptions, seen: Measurements): Promise<void> {
  const run = randomBytes(6).toString("hex");
  const { endpoints } = session;
  const sending = session.createRound();
  for (const from of endpoints) {
    askBroadcast(sending, from, formatToken(run, "broadcast", from));
    const row = egress.find(({ network, host }) => network === from.network.name && host === from.at.host);
    if (from.network.egress.mode === "none" && row !== undefined) askEgressFromEndpoint(sending, row, 1, options.settleMs);
  }
  askPeerUnicast(sending, endpoints, run);
  askForeignUnicast(sending, endpoints, run, options.settleMs, seen);
  await sending.run();

  const receiving = session.createRound();
  for (const to of endpoints) {
    const wait = { settleMs: options.settleMs, replyMs: options.replyMs };
    const peers = findPeers(to, endpoints);
    const expected = [
      ...(to.network.layer === 2 ? peers.map((from) => formatToken(run, "broadcast", from)) : []),
      ...peers.map((from) => formatToken(run, "peer", from)),
    ];
    askReceived(receiving, to, expected, wait, (copies, tokens) => {
      takePeerUnicast(to, peers, tokens, run, seen);
      for (const from of endpoints) {
        // The sender's own kernel delivers one copy locally (ip(7), broadcast loops back): only more came over the wire.
        const local = from === to ? 1 : 0;
        const count = (copies.get(formatToken(run, "broadcast", from)) ?? 0) - local;
        seen.broadcasts.push({ a: from.network.name, from: from.at.host, b: to.network.name, to: to.at.host, copies: Math.max(0, count) });
      }
      takeForeignUnicast(to, endpoints, new Set(copies.keys()), run, seen);
    });
  }
  for (const row of seen.fragments) {
    receiving.ask(row.host, { at: "host" }, "fragments", { table: options.nftTable ?? "" }, ({ packets }) => {
      row.after = packets;
    });
  }
  await receiving.run();
  await repeatLostBroadcasts(session, run, options, seen);
}
