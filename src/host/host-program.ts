import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { toProblems } from "../util/problem.ts";
import { createPlanMethods } from "./plan-methods.ts";
import { createProbeMethods } from "./probe/methods.ts";
import type { HostSystem } from "./host-system.ts";
import { findContainerPid } from "./read-docker.ts";
import type { StateDirectory } from "./state-directory.ts";

/** Raised with every change of the messages; both sides say theirs in `hello`. */
const PROTOCOL = 1;
/** A line longer than this is garbage (the largest plan, 10,000 hosts' flood lists, has about 8 MB). */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export interface HostProgram {
  methods: Readonly<Record<string, (params: unknown) => Promise<unknown>>>;
  /** Undoes what was not confirmed and ends the probes: nothing outlives the conversation. */
  end(): Promise<void>;
}

export interface HostProgramInput {
  system: HostSystem;
  state: StateDirectory;
  /** How to start this program again, for probes. */
  selfArgv: readonly string[];
  /** An unconfirmed plan goes back when nobody has spoken for so long. Monotonic: Node's timers do not follow the clock. */
  silenceMs?: number;
}

/** The controller speaks every ten seconds (src/fleet/keep-alive.ts); six silent turns are a dead path. */
const DEFAULT_SILENCE_MS = 60_000;

/** What a host answers: the same methods in-process, in a lab host's namespaces, and behind SSH. */
export function createHostProgram({ system, state, selfArgv, silenceMs = DEFAULT_SILENCE_MS }: HostProgramInput): HostProgram {
  const probes = createProbeMethods({ selfArgv });
  const plans = createPlanMethods(system, state);
  const methods: HostProgram["methods"] = {
    ...probes.methods,
    ...plans.methods,
    hello: async () => ({ protocol: PROTOCOL, pid: process.pid }),
    observe: () => system.observe(),
    containerPids: async (params) => {
      const { ids } = z.strictObject({ ids: z.array(z.string().regex(/^[0-9a-f]{12,64}$/)).max(1000) }).parse(params);
      return Promise.all(ids.map(findContainerPid));
    },
  };

  /** A path that dies without a word leaves this side waiting for ever: the timer ends that. */
  let silence: NodeJS.Timeout | undefined;
  let running = 0;
  const listening =
    (handler: (params: unknown) => Promise<unknown>) =>
    async (params: unknown): Promise<unknown> => {
      clearTimeout(silence);
      running += 1;
      try {
        return await handler(params);
      } finally {
        running -= 1;
        clearTimeout(silence);
        // not in the middle of a stage: what it does would meet what is undone
        if (plans.isActive() && running === 0) silence = setTimeout(() => void plans.goBack(), silenceMs).unref();
      }
    };
  return {
    methods: Object.fromEntries(Object.entries(methods).map(([name, handler]) => [name, listening(handler)])),
    async end() {
      clearTimeout(silence);
      await probes.closeAll();
      await plans.goBack();
    },
  };
}

/** JSON-RPC 2.0, one message a line, until the input ends. */
export async function serve(program: HostProgram, input: Readable, output: Writable): Promise<void> {
  const running = new Set<Promise<void>>();
  const lines = createInterface({ input, crlfDelay: Infinity });
  for await (const line of lines) {
    if (line.trim() === "") continue;
    const answering: Promise<void> = answer(program, line).then((text) => {
      output.write(`${text}\n`);
      running.delete(answering);
    });
    running.add(answering);
  }
  await Promise.all(running);
  await program.end();
}

async function answer(program: HostProgram, line: string): Promise<string> {
  let id: unknown = null;
  try {
    if (line.length > MAX_LINE_BYTES) throw new Error("the message is too long");
    const message = JSON.parse(line) as { id?: unknown; method?: unknown; params?: unknown } | null;
    id = message?.id ?? null;
    const { method } = message ?? {};
    const handler = typeof method === "string" && Object.hasOwn(program.methods, method) ? program.methods[method] : undefined;
    if (handler === undefined) return reply(id, { error: { code: -32601, message: `no such method: ${String(method).slice(0, 100)}` } });
    return reply(id, { result: await handler(message?.params) });
  } catch (error) {
    const problems = error instanceof z.ZodError ? [refused(error)] : toProblems(error, "answering a request", "");
    return reply(id, { error: { code: -32000, message: problems[0]?.why ?? "", data: { problems } } });
  }
}

const reply = (id: unknown, body: object): string => JSON.stringify({ jsonrpc: "2.0", id, ...body });

function refused(error: z.ZodError) {
  const why = z.prettifyError(error).split("\n").slice(0, 4).join("; ");
  return {
    kind: "refused" as const,
    doing: "reading",
    what: "a request",
    where: "",
    why,
    try: "check that both sides run the same version of spanwire; nothing was changed",
  };
}
