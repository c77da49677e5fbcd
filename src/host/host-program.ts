import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { SpanwireError, toProblems } from "../util/problem.ts";
import { createProbeMethods } from "./probe/methods.ts";
import type { HostSystem } from "./host-system.ts";
import { findContainerPid } from "./read-docker.ts";
import type { StateDirectory } from "./state-directory.ts";
import { beginParams, planParams, stageParams } from "./step-schema.ts";
import { beginTransaction, type Transaction } from "./transaction.ts";

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
  let active: Transaction | undefined;
  const requireActive = (planId: string): Transaction => {
    if (active?.planId === planId) return active;
    throw new SpanwireError({ kind: "conflict", doing: "continuing", what: `plan ${planId}`, where: "", why: "this conversation did not begin it", try: "apply again" });
  };

  /** A path that dies without a word leaves this side waiting for ever: the timer ends that. */
  let silence: NodeJS.Timeout | undefined;
  let running = 0;
  const goBack = async (): Promise<void> => {
    if (active === undefined || state.isConfirmed(active.planId)) return;
    const undo = active;
    active = undefined;
    await undo.revert();
  };
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
        if (active !== undefined && running === 0) silence = setTimeout(() => void goBack(), silenceMs).unref();
      }
    };

  const methods: HostProgram["methods"] = {
    ...probes.methods,
    hello: async () => ({ protocol: PROTOCOL, pid: process.pid }),
    observe: () => system.observe(),
    containerPids: async (params) => {
      const { ids } = z.strictObject({ ids: z.array(z.string().regex(/^[0-9a-f]{12,64}$/)).max(1000) }).parse(params);
      return Promise.all(ids.map(findContainerPid));
    },
    begin: async (params) => {
      if (active !== undefined) throw new SpanwireError({ kind: "conflict", doing: "beginning", what: "a plan", where: "", why: `plan ${active.planId} is under way`, try: "wait for it" });
      active = await beginTransaction(beginParams.parse(params), system, state);
      return {};
    },
    runStage: async (params) => {
      const { planId, stage } = stageParams.parse(params);
      return requireActive(planId).runStage(stage);
    },
    revert: async (params) => {
      const result = await requireActive(planParams.parse(params).planId).revert();
      active = undefined;
      return result;
    },
    confirm: async (params) => {
      const { planId } = planParams.parse(params);
      if ((await state.findLock())?.planId !== planId) {
        throw new SpanwireError({ kind: "conflict", doing: "confirming", what: `plan ${planId}`, where: "", why: "it is not under way here: it has gone back, or never began", try: "plan again" });
      }
      await state.confirm(planId);
      return {};
    },
    finish: async (params) => {
      await requireActive(planParams.parse(params).planId).finish();
      active = undefined;
      return {};
    },
  };
  return {
    methods: Object.fromEntries(Object.entries(methods).map(([name, handler]) => [name, listening(handler)])),
    async end() {
      clearTimeout(silence);
      await probes.closeAll();
      await goBack();
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
  return { kind: "refused" as const, doing: "reading", what: "a request", where: "", why, try: "check that both sides run the same version of spanwire; nothing was changed" };
}
