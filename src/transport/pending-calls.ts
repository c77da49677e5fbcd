import type { MethodName, ParamsOf, ResultOf } from "../rpc/methods.ts";
import { SpanwireError, type Problem } from "../model/problem.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(error: SpanwireError): void;
  timer: NodeJS.Timeout;
  latestMs: number;
}

/** A host that goes on answering `hello` is alive and slow (a stage took 2 minutes in an emulated machine); not for ever. */
const MOST_PERIODS = 10;

/** Requests that have no answer yet (JSON-RPC 2.0: an answer carries its request's id). */
export interface PendingCalls {
  /** The line to send, and its answer. It is late when the host has not said a word, to whatever request, for so long. */
  add<Name extends MethodName>(method: Name, params: ParamsOf<Name>, timeoutMs: number): { line: string; answer: Promise<ResultOf<Name>> };
  /** False when the line is no message of ours. */
  settle(line: string): boolean;
  failAll(error: SpanwireError): void;
}

export function createPendingCalls(host: string): PendingCalls {
  const pending = new Map<number, Pending>();
  let nextId = 1;
  const take = (id: unknown): Pending | undefined => {
    const call = typeof id === "number" ? pending.get(id) : undefined;
    if (call === undefined) return undefined;
    clearTimeout(call.timer);
    pending.delete(id as number);
    return call;
  };
  return {
    add<Name extends MethodName>(method: Name, params: ParamsOf<Name>, timeoutMs: number) {
      const id = nextId++;
      const answer = new Promise<ResultOf<Name>>((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(lateAnswer(host, method, timeoutMs));
        }, timeoutMs);
        pending.set(id, { resolve, reject, timer, latestMs: performance.now() + timeoutMs * (MOST_PERIODS - 1) });
      });
      return { line: JSON.stringify({ jsonrpc: "2.0", id, method, params }), answer };
    },
    settle(line) {
      const message = findMessage(line);
      if (message === undefined) return false;
      const call = take(message.id);
      for (const { timer, latestMs } of pending.values()) if (performance.now() < latestMs) timer.refresh();
      if (message.error === undefined) call?.resolve(message.result);
      else call?.reject(new SpanwireError(problemsOf(message.error, host)));
      return true;
    },
    failAll(error) {
      for (const id of pending.keys()) take(id)?.reject(error);
    },
  };
}

function lateAnswer(host: string, method: string, timeoutMs: number): SpanwireError {
  return new SpanwireError({
    kind: "timeout",
    doing: `waiting for "${method}" from`,
    what: "the host program",
    where: host,
    why: `no word from it for ${timeoutMs} ms`,
    try: "look at the host's load, then run the same command again",
  });
}

interface Message {
  id?: unknown;
  result?: unknown;
  error?: { message?: unknown; data?: { problems?: unknown } } | null;
}

function findMessage(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "id" in value ? value : undefined;
  } catch {
    return undefined;
  }
}

function problemsOf(error: Message["error"], host: string): Problem[] {
  const problems = Array.isArray(error?.data?.problems) ? (error.data.problems as Problem[]) : [];
  if (problems.length > 0) return problems.map((problem) => ({ ...problem, where: problem.where || host }));
  return [{ kind: "bug", doing: "asking", what: "the host program", where: host, why: String(error?.message), try: "report this" }];
}
