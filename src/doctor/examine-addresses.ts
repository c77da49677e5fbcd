import type { MethodName, ParamsOf, ResultOf } from "../rpc/methods.ts";
import type { Connection } from "../transport/connection.ts";
import { toProblems, type Problem } from "../model/problem.ts";
import { compareText } from "../util/compare-text.ts";
import { createMeasurements } from "../verify/measure/measure.ts";
import { openSession } from "../verify/measure/session.ts";
import type { VerifyTarget } from "../verify/measure/target.ts";
import { collectHolders, type AddressHolder } from "./address-holder.ts";
import { listAddressesToAsk } from "./addresses-to-ask.ts";
import { findDuplicates, type DuplicateAddress } from "./find-duplicates.ts";

/** What `doctor addresses --json` prints, without its frame. */
export interface AddressReport {
  networks: readonly { name: string; /** How many were asked for. */ addresses: number; askedFrom: readonly string[] }[];
  duplicates: readonly DuplicateAddress[];
  /** Containers that Docker will not start, or whose address it may give to another. */
  members: readonly Problem[];
  /** What could not be looked at, so an address used twice there would not be seen. */
  notTested: readonly Problem[];
}

/** The same alias as verify's probes: their links are no part of anybody's plan. */
const PROBE_MARK = "spanwire-probe";
/** The kernel asks again after a second when the first question or answer was lost (arp(7), retrans_time_ms). */
const ANSWER_MS = 1_500;
/** Per question: a probe asks 64 addresses at a time, and a host's conversation waits two minutes. */
const ASKED_AT_ONCE = 2_000;
const READ_TIMEOUT_MS = 120_000;

/** Looks for addresses used twice in Docker, in the kernels and on the wire; `reserved` by network. Changes nothing that outlives it. */
export async function examineAddresses(
  target: VerifyTarget,
  reserved: ReadonlyMap<string, readonly string[]>,
  connections: ReadonlyMap<string, Connection>,
): Promise<Omit<AddressReport, "members">> {
  const notTested: Problem[] = [];
  const hosts = await readAll(connections, "holders", () => ({}), notTested);
  for (const [host, { dockerProblem }] of hosts) if (dockerProblem !== "") notTested.push(noDocker(host, dockerProblem));
  const known = new Map(target.networks.map((network) => [network.name, collectHolders(network, hosts)]));
  const asked = new Map(
    target.networks.map((network) => {
      const about = { known: known.get(network.name) ?? new Map<string, AddressHolder[]>(), reserved: reserved.get(network.name) ?? [] };
      return [network.name, listAddressesToAsk({ network, hosts, ...about })];
    }),
  );
  const { claims, askedFrom } = await askAll(target, connections, asked, notTested);
  const bridges = (host: string): string[] =>
    target.networks.flatMap((network) => network.hosts.filter((at) => at.host === host).map((at) => at.bridge));
  const heard = await readAll(connections, "heardMacs", (host) => ({ bridges: bridges(host) }), notTested);
  return {
    networks: target.networks.map(({ name }) => ({
      name,
      addresses: asked.get(name)?.length ?? 0,
      askedFrom: (askedFrom.get(name) ?? []).toSorted(compareText),
    })),
    duplicates: target.networks.flatMap(({ name }) =>
      findDuplicates({ network: name, known: known.get(name) ?? new Map(), claims: claims.get(name) ?? new Map(), hosts, heard }),
    ),
    notTested,
  };
}

interface Asked {
  claims: Map<string, Map<string, Set<string>>>;
  askedFrom: Map<string, string[]>;
}

/** From every host: two holders on one host answer at different times, and a broken tunnel must not hide one. */
async function askAll(
  target: VerifyTarget,
  connections: ReadonlyMap<string, Connection>,
  asked: ReadonlyMap<string, readonly string[]>,
  notTested: Problem[],
): Promise<Asked> {
  const found: Asked = { claims: new Map(), askedFrom: new Map() };
  const seen = createMeasurements();
  const session = await openSession(target, connections, PROBE_MARK, seen);
  try {
    const longest = Math.max(0, ...[...asked.values()].map((addresses) => addresses.length));
    for (let start = 0; start < longest; start += ASKED_AT_ONCE) {
      const round = session.createRound();
      for (const { network, at } of session.endpoints) {
        const addresses = (asked.get(network.name) ?? []).slice(start, start + ASKED_AT_ONCE);
        if (addresses.length === 0) continue;
        round.ask(at.host, { at: "probe", network: network.name }, "claims", { addresses, waitMs: ANSWER_MS }, (result) => {
          const from = found.askedFrom.get(network.name) ?? [];
          if (!from.includes(at.host)) found.askedFrom.set(network.name, [...from, at.host]);
          const byAddress = found.claims.get(network.name) ?? new Map<string, Set<string>>();
          found.claims.set(network.name, byAddress);
          for (const { address, macs } of result) byAddress.set(address, new Set([...(byAddress.get(address) ?? []), ...macs]));
        });
      }
      await round.run();
    }
  } finally {
    await session.close();
  }
  notTested.push(
    ...seen.hostProblems.flatMap(({ problems }) => problems),
    ...seen.endpointProblems.map(({ host, problem }) => ({ ...problem, where: problem.where || host })),
  );
  return found;
}

async function readAll<Name extends MethodName>(
  connections: ReadonlyMap<string, Connection>,
  method: Name,
  paramsOf: (host: string) => ParamsOf<Name>,
  notTested: Problem[],
): Promise<Map<string, ResultOf<Name>>> {
  const answers = await Promise.all(
    [...connections].map(async ([host, connection]): Promise<readonly [string, ResultOf<Name>][]> => {
      try {
        return [[host, await connection.request(method, paramsOf(host), READ_TIMEOUT_MS)]];
      } catch (error) {
        notTested.push(...toProblems(error, "looking for addresses", host));
        return [];
      }
    }),
  );
  return new Map(answers.flat());
}

function noDocker(host: string, why: string): Problem {
  const what = "the addresses of containers";
  return { kind: "unsupported", doing: "reading", what, where: host, why, try: "start Docker there and look again" };
}
