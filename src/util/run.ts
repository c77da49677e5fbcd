import { spawn } from "node:child_process";
import { PATIENCE, patienceEnvironment } from "./patience.ts";

/**
 * The only place that starts a process: an argv array, never a shell (lint allows this import in src/host, src/lab
 * and src/transport alone). Success and failure have one shape, so a caller decides what counts as failure.
 */
export interface RunResult {
  argv: readonly string[];
  /** null when a signal ended it or it could not be started. */
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  durationMs: number;
}

export interface RunOptions {
  stdin?: string;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  timeoutMs?: number;
  /** Output beyond this many bytes ends the process (a garbage-spewing tool must not fill our memory). */
  maxBytes?: number;
  signal?: AbortSignal;
}

/** The operator's patience counts for tools as for everything else (patience.ts). */
export const defaultTimeoutMs = (patience: number): number => Math.round(30_000 * patience);
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** Time between asking a process group to end and killing it. */
const GRACE_MS = 500;

/** Where Open vSwitch's tools look for their daemons' sockets (lib/dirs.c.in there); a lab host has a place of its own. */
const OVS_RUNDIR = process.env["OVS_RUNDIR"];

/** Environment every tool gets, and every program of ours: no locale surprises in the output we parse. */
export const CLEAN_ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  HOME: process.env["HOME"] ?? "/root",
  ...(OVS_RUNDIR === undefined ? {} : { OVS_RUNDIR }),
  ...patienceEnvironment(),
};

/** Runs to the end. Never rejects: what could not be started has `exitCode: null` and says why in `stderr`. */
export function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const [command, ...args] = argv;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...CLEAN_ENV, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ["pipe", "pipe", "pipe"],
      detached: true, // own process group, so a time-out also ends what it started
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    let timedOut = false;
    let startError = "";

    const kill = (signal: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // Already gone: nothing to end.
      }
    };
    const end = (): void => {
      kill("SIGTERM");
      setTimeout(() => kill("SIGKILL"), GRACE_MS).unref();
    };
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > (options.maxBytes ?? DEFAULT_MAX_BYTES)) return end();
      into.push(chunk);
    };
    const expire = (): void => {
      timedOut = true;
      end();
    };
    const timer = setTimeout(expire, options.timeoutMs ?? defaultTimeoutMs(PATIENCE));
    options.signal?.addEventListener("abort", end, { once: true });

    child.stdout.on("data", collect(out));
    child.stderr.on("data", collect(err));
    child.on("error", (error) => {
      startError = error.message;
    });
    child.stdin.on("error", () => {
      // EPIPE: the tool ended without reading all of it; its exit code tells.
    });
    child.stdin.end(options.stdin ?? "");
    child.on("close", (exitCode, signal) => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", end);
      resolve({
        argv,
        exitCode: startError === "" ? exitCode : null,
        signal,
        timedOut,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: startError === "" ? Buffer.concat(err).toString("utf8") : startError,
        durationMs: performance.now() - startedAt,
      });
    });
  });
}

/** One line that says how a run ended, for `why` in a problem. */
export function describeRun(result: RunResult): string {
  const how = result.timedOut
    ? `did not end within ${Math.round(result.durationMs)} ms`
    : result.exitCode === null
      ? `could not run${result.signal === null ? "" : ` (${result.signal})`}`
      : `exited ${result.exitCode}`;
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(0, 3).join("; ");
  return `\`${result.argv.join(" ")}\` ${how}${said === "" ? "" : `: ${said}`}`;
}
