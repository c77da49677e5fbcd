import type { BatchAnswer } from "../../host/probe/methods.ts";
import type { OperationName, Operations, Place } from "../../host/probe/protocol.ts";
import type { MethodName, ParamsOf, ResultOf } from "../../rpc/methods.ts";
import type { Connection } from "../../transport/connection.ts";
import { toProblems, type Problem } from "../../model/problem.ts";
import type { Measurements } from "./measurements.ts";
import type { TargetHost, TargetNetwork, VerifyTarget } from "./target.ts";

/** A started probe: one network on one host. */
export interface Endpoint {
  network: TargetNetwork;
  at: TargetHost;
}

/** One question per host at a time: `ask` collects, `run` sends one batch to every host in parallel. */
export interface Round {
  ask<Op extends OperationName>(
    host: string,
    place: Place,
    op: Op,
    params: Operations[Op]["params"],
    take: (result: Operations[Op]["result"]) => void,
  ): void;
  run(): Promise<void>;
}

export interface Session {
  endpoints: readonly Endpoint[];
  isUp(host: string): boolean;
  createRound(): Round;
  close(): Promise<void>;
}

interface Call {
  place: Place;
  op: OperationName;
  params: unknown;
  take(result: never): void;
}

const TIMEOUT_MS = 120_000;

/** Starts the probes of every network on every host that answers; what does not is noted in `seen`. */
export async function openSession(
  target: VerifyTarget,
  connections: ReadonlyMap<string, Connection>,
  mark: string,
  seen: Measurements,
): Promise<Session> {
  const up = new Set(connections.keys());
  const lose = (host: string, problems: readonly Problem[]): void => {
    if (up.delete(host)) seen.hostProblems.push({ host, problems });
  };
  const request: Request = async (host, method, params) => {
    try {
      return await connections.get(host)?.request(method, params, TIMEOUT_MS);
    } catch (error) {
      lose(host, toProblems(error, "verifying", host));
      return undefined;
    }
  };
  for (const host of Object.keys(target.underlay)) {
    if (!connections.has(host)) seen.hostProblems.push({ host, problems: [unreachable(host)] });
  }
  const endpoints = (await Promise.all([...up].sort().map((host) => startEndpoints(host, target, mark, request, seen)))).flat();
  return {
    endpoints,
    isUp: (host) => up.has(host),
    createRound: () => createRound(up, request, seen),
    async close() {
      await Promise.all([...up].map((host) => request(host, "probe.stop", {})));
    },
  };
}

type Request = <Name extends MethodName>(host: string, method: Name, params: ParamsOf<Name>) => Promise<ResultOf<Name> | undefined>;

async function startEndpoints(host: string, target: VerifyTarget, mark: string, request: Request, seen: Measurements): Promise<Endpoint[]> {
  const wanted = target.networks.flatMap((network) => network.hosts.filter((at) => at.host === host).map((at) => ({ network, at })));
  if (wanted.length === 0) return [];
  const probes = wanted.map(({ network, at }) => ({
    network: network.name,
    bridge: at.bridge,
    cidr: at.probe,
    mac: at.probeMac,
    gateway: at.gateway,
    mtuBytes: network.mtuBytes,
    mark,
  }));
  const answers = await request(host, "probe.start", { probes });
  return wanted.filter(({ network }, index) => {
    const answer = answers?.[index];
    if (answer?.ok === false) {
      for (const problem of answer.problems) seen.endpointProblems.push({ network: network.name, host, problem });
    }
    return answer?.ok === true;
  });
}

function createRound(up: ReadonlySet<string>, request: Request, seen: Measurements): Round {
  const calls = new Map<string, Call[]>();
  return {
    ask(host, place, op, params, take) {
      if (!up.has(host)) return;
      const asked = calls.get(host) ?? [];
      calls.set(host, asked);
      asked.push({ place, op, params, take });
    },
    async run() {
      await Promise.all(
        [...calls].map(async ([host, asked]) => {
          const wire = asked.map(({ place, op, params }) => ({ place, op, params }));
          const answers = await request(host, "probe.batch", { calls: wire });
          for (const [index, answer] of (answers ?? []).entries()) takeAnswer(host, asked[index], answer, seen);
        }),
      );
    },
  };
}

function takeAnswer(host: string, call: Call | undefined, answer: BatchAnswer, seen: Measurements): void {
  if (call === undefined) return;
  if (answer.ok) return call.take(answer.result as never);
  const network = call.place.at === "probe" ? call.place.network : "";
  for (const problem of answer.problems) seen.endpointProblems.push({ network, host, problem });
}

function unreachable(host: string): Problem {
  return {
    kind: "unreachable",
    doing: "verifying",
    what: host,
    where: host,
    why: "there is no connection to this host",
    try: `check that you can log in to ${host}, then verify again`,
  };
}
