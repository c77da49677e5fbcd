import { z } from "zod";
import type { Handlers } from "../../rpc/methods.ts";
import { SpanwireError, toProblems, type Problem } from "../../model/problem.ts";
import { countFragments, findDefaultGateway } from "./host-operations.ts";
import { batchParams, operationParams, startParams } from "./params.ts";
import { findPathMtu } from "./path-mtu.ts";
import { PATIENCE } from "../../util/patience.ts";
import { ping } from "./ping.ts";
import { startProbe, type Probe } from "./probe.ts";
import type { DefaultGatewayParams, FragmentsParams, OperationName, PathMtuParams, PingParams, Place } from "./protocol.ts";

export interface ProbeMethods {
  methods: Pick<Handlers, "probe.start" | "probe.batch" | "probe.stop">;
  closeAll(): Promise<void>;
}

/** One entry per call of a batch, in order. */
export type BatchAnswer = { ok: true; result: unknown } | { ok: false; problems: readonly Problem[] };

/** What `verify` asks of a host. Probes live until "probe.stop", or until this process ends. */
export function createProbeMethods({ selfArgv }: { selfArgv: readonly string[] }): ProbeMethods {
  // Promises, so that an end in the middle of a start waits for it and leaves nothing behind.
  const probes = new Map<string, Promise<Probe>>();

  const start = async (params: unknown): Promise<BatchAnswer[]> => {
    const { probes: specs } = parse(startParams, params, "probe.start");
    return Promise.all(
      specs.map(async (spec) => {
        try {
          if (probes.has(spec.network)) throw new Error(`the probe of network ${spec.network} already runs`);
          const probe = startProbe(spec, selfArgv);
          probes.set(spec.network, probe);
          probe.catch(() => probes.delete(spec.network));
          await probe;
          return { ok: true, result: {} } as const;
        } catch (error) {
          return { ok: false, problems: toProblems(error, "starting a probe", "") } as const;
        }
      }),
    );
  };

  const batch = async (params: unknown): Promise<BatchAnswer[]> => {
    const { calls } = parse(batchParams, params, "probe.batch");
    return Promise.all(
      calls.map(async ({ place, op, params: raw }) => {
        try {
          const checked = parse(operationParams[op], raw, op);
          return { ok: true, result: await runOperation(place, op, stretchWaits(checked), probes) } as const;
        } catch (error) {
          return { ok: false, problems: [toProblem(error, place, op)] } as const;
        }
      }),
    );
  };

  const closeAll = async (): Promise<void> => {
    const running = await Promise.allSettled(probes.values());
    probes.clear();
    const ended = await Promise.allSettled(running.map(async (probe) => (probe.status === "fulfilled" ? probe.value.close() : undefined)));
    const failed = ended.flatMap((result) => (result.status === "rejected" ? toProblems(result.reason, "ending a probe", "") : []));
    if (failed.length > 0) throw new SpanwireError(failed);
  };

  const stop = async (): Promise<object> => {
    await closeAll();
    return {};
  };
  return { methods: { "probe.start": start, "probe.batch": batch, "probe.stop": stop }, closeAll };
}

/** What the controller thinks long enough, in this host's time. */
function stretchWaits(params: object): unknown {
  const isWait = (name: string): boolean => name.endsWith("Ms");
  const stretch = ([name, value]: [string, unknown]): [string, unknown] => [
    name,
    isWait(name) ? Math.ceil(Number(value) * PATIENCE) : value,
  ];
  return Object.fromEntries(Object.entries(params).map(stretch));
}

async function runOperation(
  place: Place,
  op: OperationName,
  params: unknown,
  probes: ReadonlyMap<string, Promise<Probe>>,
): Promise<unknown> {
  if (place.at === "probe") {
    const probe = await probes.get(place.network);
    if (probe === undefined) throw new Error(`no probe runs for network ${place.network}`);
    return probe.request(op, params);
  }
  const prefix = place.at === "container" ? ["nsenter", `--net=/proc/${place.pid}/ns/net`, "--"] : [];
  if (op === "ping") return ping(params as PingParams, prefix);
  if (op === "pathMtu") return findPathMtu(params as PathMtuParams, prefix);
  if (place.at === "host" && op === "fragments") return countFragments(params as FragmentsParams);
  if (place.at === "host" && op === "defaultGateway") return findDefaultGateway(params as DefaultGatewayParams);
  throw new Error(`${op} cannot be done in a ${place.at}`);
}

function parse<S extends z.ZodType>(schema: S, params: unknown, method: string): z.output<S> {
  const checked = schema.safeParse(params);
  if (checked.success) return checked.data;
  const why = z.prettifyError(checked.error).replaceAll("\n", "; ");
  throw new SpanwireError({
    kind: "refused",
    doing: "asking for",
    what: method,
    where: "",
    why,
    try: "check that both sides run the same version of spanwire",
  });
}

function toProblem(error: unknown, place: Place, op: string): Problem {
  if (error instanceof SpanwireError && error.problems[0] !== undefined) return error.problems[0];
  const why = error instanceof Error ? error.message : String(error);
  return { kind: "command", doing: `running ${op} in`, where: "", why, ...describePlace(place) };
}

function describePlace(place: Place): { what: string; try: string } {
  if (place.at === "container") {
    return { what: `the namespace of process ${place.pid}`, try: "the container may have ended meanwhile: verify again" };
  }
  const what = place.at === "probe" ? `the probe of network ${place.network}` : "the host's own namespace";
  return { what, try: "check that this host has ping (iputils-ping), ip (iproute2) and nft (nftables), then verify again" };
}
