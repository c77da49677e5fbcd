import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { SpanwireError, type Problem } from "../model/problem.ts";
import { PATIENCE } from "../util/patience.ts";
import { readLines } from "../util/read-lines.ts";
import { CLEAN_ENV } from "../util/run.ts";
import type { Connection } from "./connection.ts";
import { createPendingCalls } from "./pending-calls.ts";

/** How the process ended. */
export interface ProcessEnd {
  /** "exit 1", "SIGKILL", or why it could not start. */
  how: string;
  /** The last of what it wrote there. */
  stderr: string;
}

export interface StdioOptions {
  env?: Readonly<Record<string, string>>;
  /** What to try when the program cannot be reached. */
  advice: string;
  /** Not in our process group: Ctrl-C is for us, and a host hears of it from us. */
  detached?: boolean;
  /** Hears lines that are no messages: a login banner, a bootstrap's words. */
  onText?(line: string): void;
  /** Better words for an end than how it ended. */
  explainEnd?(end: ProcessEnd): Pick<Problem, "kind" | "why" | "try"> | undefined;
}

export interface StdioConnection extends Connection {
  /** Bytes for whoever listens before the host program does. */
  write(bytes: string | Uint8Array): void;
  /** When the process has ended, for whatever reason. */
  ended: Promise<SpanwireError>;
  /** For one that never became a conversation. */
  kill(): void;
}

const DEFAULT_TIMEOUT_MS = 120_000 * PATIENCE;
/** Kept of the program's stderr, to say why it ended. */
const STDERR_BYTES = 4_000;
/** An answer longer than this is garbage: a snapshot of a host with thousands of containers has a few megabytes. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Starts a host program as a child process and speaks JSON lines with it. */
export function openStdioConnection(host: string, argv: readonly [string, ...string[]], options: StdioOptions): StdioConnection {
  const child = spawn(argv[0], argv.slice(1), {
    env: { ...CLEAN_ENV, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: options.detached ?? false,
  });
  const calls = createPendingCalls(host);
  const hasEnded = Promise.withResolvers<SpanwireError>();
  let stderr = "";
  let endedBy: SpanwireError | undefined;

  const fail = (how: string): void => {
    endedBy ??= describeEnd({ how, stderr: stderr.trim() }, host, options);
    hasEnded.resolve(endedBy);
    calls.failAll(endedBy);
  };
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-STDERR_BYTES);
  });
  child.on("error", (error) => fail(error.message));
  child.on("close", (code, signal) => fail(`it ended (${signal ?? `exit ${code}`})`));
  child.stdin.on("error", () => {
    // EPIPE: `close` follows and says why.
  });
  void listen(child.stdout, (line) => calls.settle(line) || options.onText?.(line));

  return {
    host,
    ended: hasEnded.promise,
    write: (bytes) => void child.stdin.write(bytes),
    kill: () => void child.kill(),
    request(method, params, timeoutMs = DEFAULT_TIMEOUT_MS) {
      if (endedBy !== undefined) return Promise.reject(endedBy);
      const { line, answer } = calls.add(method, params, timeoutMs);
      child.stdin.write(`${line}\n`);
      return answer;
    },
    async close() {
      if (endedBy !== undefined) return;
      child.stdin.end(); // the program ends at end of input, after undoing what was not confirmed
      await hasEnded.promise;
    },
  };
}

/** Garbage without an end is passed over; the request's time-out speaks for it. */
async function listen(output: Readable, hear: (line: string) => unknown): Promise<void> {
  for await (const line of readLines(output, MAX_LINE_BYTES)) if ("text" in line) hear(line.text);
}

function describeEnd(end: ProcessEnd, host: string, { explainEnd, advice }: StdioOptions): SpanwireError {
  const words = explainEnd?.(end) ?? { kind: "unreachable", why: end.stderr === "" ? end.how : `${end.how}: ${end.stderr}`, try: advice };
  return new SpanwireError({ doing: "talking to", what: "the host program", where: host, ...words });
}
