import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { SpanwireError, type Problem } from "../util/problem.ts";
import { CLEAN_ENV } from "../util/run.ts";
import type { Connection } from "./connection.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(error: SpanwireError): void;
  timer: NodeJS.Timeout;
}

export interface StdioOptions {
  env?: Readonly<Record<string, string>>;
  /** What to try when the program cannot be reached. */
  advice: string;
}

const DEFAULT_TIMEOUT_MS = 120_000;
/** Kept of the program's stderr, to say why it ended. */
const STDERR_BYTES = 4_000;

/** Starts a host program as a child process and speaks JSON lines with it. */
export function openStdioConnection(host: string, argv: readonly [string, ...string[]], options: StdioOptions): Connection {
  const child = spawn(argv[0], argv.slice(1), { env: { ...CLEAN_ENV, ...options.env }, stdio: ["pipe", "pipe", "pipe"] });
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let stderr = "";
  let ended: string | undefined;

  const unreachable = (doing: string, why: string): SpanwireError =>
    new SpanwireError({ kind: "unreachable", doing, what: "the host program", where: host, why, try: options.advice });
  const fail = (why: string): void => {
    ended ??= why;
    for (const [id, call] of pending) {
      clearTimeout(call.timer);
      pending.delete(id);
      call.reject(unreachable("talking to", why));
    }
  };

  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-STDERR_BYTES);
  });
  child.on("error", (error) => fail(error.message));
  child.on("close", (code, signal) => fail(`it ended (${signal ?? `exit ${code}`})${stderr.trim() === "" ? "" : `: ${stderr.trim()}`}`));
  child.stdin.on("error", () => {
    // EPIPE: `close` follows and says why.
  });
  createInterface({ input: child.stdout }).on("line", (line) => settle(line, pending, host));

  return {
    host,
    request(method, params, timeoutMs = DEFAULT_TIMEOUT_MS) {
      if (ended !== undefined) return Promise.reject(unreachable("talking to", ended));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(
            new SpanwireError({
              kind: "timeout",
              doing: `waiting for "${method}" from`,
              what: "the host program",
              where: host,
              why: `no answer within ${timeoutMs} ms`,
              try: "look at the host's load, then run the same command again",
            }),
          );
        }, timeoutMs);
        pending.set(id, { resolve, reject, timer });
        child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      });
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      await new Promise<void>((resolve) => {
        child.once("close", () => resolve());
        child.stdin.end(); // the program ends at end of input, after undoing what was not confirmed
      });
    },
  };
}

function settle(line: string, pending: Map<number, Pending>, host: string): void {
  let message: { id?: unknown; result?: unknown; error?: { message?: string; data?: { problems?: Problem[] } } };
  try {
    message = JSON.parse(line) as typeof message;
  } catch {
    return; // not ours: a login banner; the request's time-out speaks for it
  }
  const call = typeof message.id === "number" ? pending.get(message.id) : undefined;
  if (call === undefined) return;
  pending.delete(message.id as number);
  clearTimeout(call.timer);
  if (message.error === undefined) return call.resolve(message.result);
  const problems = (message.error.data?.problems ?? []).map((problem) => ({ ...problem, where: problem.where || host }));
  call.reject(
    new SpanwireError(
      problems.length > 0
        ? problems
        : { kind: "bug", doing: "asking", what: "the host program", where: host, why: String(message.error.message), try: "report this" },
    ),
  );
}
