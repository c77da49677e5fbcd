import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { toProblems, type Problem } from "../model/problem.ts";
import { readLines } from "../util/read-lines.ts";
import { VERSION } from "../util/version.ts";
import { findHandler, PROTOCOL, type Handlers } from "../rpc/methods.ts";
import type { Guard } from "./guard/guard.ts";
import type { HostSystem } from "./execute/host-system.ts";
import { createPlanMethods } from "./change/plan-methods.ts";
import { prepareHost } from "./prepare/prepare-host.ts";
import { createProbeMethods } from "./probe/methods.ts";
import { purgeExecutable } from "./restore/purge-executable.ts";
import { readDrops } from "./observe/read-drops.ts";
import { findContainerPid } from "./observe/read-docker.ts";
import { readHeardMacs, readHolders } from "./observe/read-holders.ts";
import { createRecoveryMethods } from "./restore/recovery-methods.ts";
import { createIdleTimeout } from "./change/idle-timeout.ts";
import type { StateDirectory } from "./state/state-directory.ts";

/** A line longer than this is garbage (the largest plan, 10,000 hosts' flood lists, has about 8 MB). */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export interface HostProgram {
  methods: Handlers;
  /** Both sides, for whoever is told that they do not understand each other. */
  describeVersions(): string;
  /** Undoes what was not confirmed and ends the probes: nothing outlives the conversation. */
  end(): Promise<void>;
}

export interface HostProgramInput {
  system: HostSystem;
  state: StateDirectory;
  /** How to start this program again, for probes. */
  selfArgv: readonly string[];
  /** Takes an unconfirmed plan back when this program no longer can. */
  guard?: Guard;
  /** An unconfirmed plan that does not say goes back when the peer has been idle for so long. */
  confirmWithinMs?: number;
  /** The address the operator's connection comes from; undefined when there is no such connection. */
  peer?: string;
}

const helloParams = z.looseObject({ version: z.string().max(64).optional() });

/** The controller speaks several times in this time (src/engine/keep-alive.ts): silence for all of it is a dead path. */
const DEFAULT_CONFIRM_WITHIN_MS = 60_000;

/** What a host answers: the same methods in-process, in a lab host's namespaces, and behind SSH. */
export function createHostProgram(input: HostProgramInput): HostProgram {
  const { system, state, guard, confirmWithinMs = DEFAULT_CONFIRM_WITHIN_MS, peer } = input;
  const probes = createProbeMethods({ selfArgv: input.selfArgv });
  const plans = createPlanMethods({ system, state, guard, confirmWithinMs });
  let otherVersion = "unknown";
  const methods: Handlers = {
    ...probes.methods,
    ...plans.methods,
    ...createRecoveryMethods(system, state),
    hello: async (params) => {
      otherVersion = helloParams.parse(params ?? {}).version ?? otherVersion;
      return { protocol: PROTOCOL, version: VERSION, pid: process.pid, ...(peer === undefined ? {} : { peer }) };
    },
    observe: () => system.observe(),
    prepare: (params) => prepareHost(params, state),
    purge: async () => ({ removed: await purgeExecutable(await system.observe()) }),
    holders: () => readHolders(),
    drops: () => readDrops(),
    heardMacs: async (params) => {
      const { bridges } = z.strictObject({ bridges: z.array(z.string().min(1).max(15)).max(1000) }).parse(params);
      return readHeardMacs(bridges);
    },
    containerPids: async (params) => {
      const { ids } = z.strictObject({ ids: z.array(z.string().regex(/^[0-9a-f]{12,64}$/)).max(1000) }).parse(params);
      return Promise.all(ids.map(findContainerPid));
    },
  };

  /**
   * A dead peer: a connection that breaks without a FIN or RST would keep this side waiting endlessly. The idle timeout ends that;
   * Node's timers are monotonic. The guard has the same deadline, for when this program is gone.
   */
  const idle = createIdleTimeout(() => void goBack());
  /** What fails here is in the journal as unfinished: the guard, the next boot or the next apply ends it. */
  const goBack = (): Promise<void> => plans.goBack().catch(() => {});
  /** A deadline that cannot be moved is met: the guard takes the host back, and no request fails for it. */
  const hear = (): void => {
    try {
      plans.extend();
    } catch {}
  };
  let running = 0;
  const listening =
    (handler: (params: unknown) => Promise<unknown>) =>
    async (params: unknown): Promise<unknown> => {
      idle.end();
      hear();
      running += 1;
      try {
        return await handler(params);
      } finally {
        running -= 1;
        hear();
        const patienceMs = plans.patienceMs();
        // not in the middle of a stage: what it does would meet what is undone
        if (patienceMs !== undefined && running === 0) idle.begin(patienceMs);
      }
    };
  return {
    // the same methods, each with its own result
    methods: Object.fromEntries(Object.entries(methods).map(([name, handler]) => [name, listening(handler)])) as unknown as Handlers,
    describeVersions: () => `the host program is version ${VERSION}, the other side ${otherVersion}`,
    async end() {
      idle.end();
      await probes.closeAll();
      await goBack();
    },
  };
}

/** JSON-RPC 2.0, one message a line, until the input ends. */
export async function serve(program: HostProgram, input: Readable, output: Writable): Promise<void> {
  output.on("error", () => {}); // nobody listens any more: the end of input follows, and what was not confirmed goes back
  const running = new Set<Promise<void>>();
  for await (const line of readLines(input, MAX_LINE_BYTES)) {
    if ("text" in line && line.text.trim() === "") continue;
    const answering: Promise<void> = answer(program, line).then((text) => {
      output.write(`${text}\n`);
      running.delete(answering);
    });
    running.add(answering);
  }
  await Promise.all(running);
  await program.end();
}

async function answer(program: HostProgram, line: { text: string } | { tooLongBytes: number }): Promise<string> {
  const refused = (why: string): Problem => refusal(why, program.describeVersions());
  if ("tooLongBytes" in line)
    return fail(null, INVALID_REQUEST, [refused(`it has ${line.tooLongBytes} bytes, more than any message of ours`)]);
  const message = findMessage(line.text);
  if (message === undefined) return fail(null, INVALID_REQUEST, [refused("it is no message of ours")]);
  const { id, method, params } = message;
  const handler = findHandler(program.methods, method);
  if (handler === undefined) return fail(id, UNKNOWN_METHOD, [refused(`this host program knows no "${method.slice(0, 100)}"`)]);
  try {
    return reply(id, { result: await handler(params) });
  } catch (error) {
    if (!(error instanceof z.ZodError)) return fail(id, FAILED, toProblems(error, "answering a request", ""));
    return fail(id, FAILED, [refused(z.prettifyError(error).split("\n").slice(0, 4).join("; "))]);
  }
}

/** JSON-RPC 2.0, section 5.1. */
const INVALID_REQUEST = -32600;
const UNKNOWN_METHOD = -32601;
const FAILED = -32000;

/** Garbage is answered, not executed, and it is nobody's mistake of ours (B60). */
const messageSchema = z.object({
  id: z.union([z.int(), z.string().max(64), z.null()]).default(null),
  method: z.string(),
  params: z.unknown().optional(),
});

function findMessage(text: string): z.output<typeof messageSchema> | undefined {
  try {
    return messageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const reply = (id: unknown, body: object): string => JSON.stringify({ jsonrpc: "2.0", id, ...body });

const fail = (id: unknown, code: number, problems: readonly Problem[]): string =>
  reply(id, { error: { code, message: problems[0]?.why ?? "", data: { problems } } });

function refusal(why: string, versions: string): Problem {
  return {
    kind: "refused",
    doing: "reading",
    what: "a request",
    where: "",
    why: `${why} (${versions})`,
    try: "use the same version of spanwire on both sides; nothing was changed",
  };
}
