import type { z } from "zod";

/**
 * A tool of the host: one file in this folder says how its commands look, which of them become one process, how long that may
 * take, and how it is done. `run` reaches the host through `ToolHost` alone.
 */
export interface Tool<C extends { tool: string }> {
  tool: C["tool"];
  schema: z.ZodType<C>;
  /** A command as a person would type it: for reading, never for a shell. */
  render(command: C): string[];
  /** Commands of these tools run in the order they come, in one batch: the name of what they share. Absent: the tool's own. */
  batchedAs?: string;
  /** Whether this command may be done by the process that does those before it. */
  joins(command: C): boolean;
  /** How long a batch may take before the host may believe that it hangs. Generous: the cost of waiting is small. */
  estimateMs(commands: readonly C[]): number;
  run(commands: readonly C[], host: ToolHost): Promise<BatchResult>;
}

export interface BatchResult {
  ok: boolean;
  /** Why it failed, in the tool's own words. */
  why: string;
  /** What the operator should hear although it worked. */
  notes: readonly string[];
}

export const DONE: BatchResult = { ok: true, why: "", notes: [] };

/** A host, as far as tools need it. */
export interface ToolHost {
  /** Never a shell. */
  run(argv: readonly [string, ...string[]], stdin?: string): Promise<ToolRun>;
  /** Seconds that a tool with a time-out of its own is given on this host for what takes that long on others. */
  stretchSeconds(ordinaryS: number): number;
  writeSysctl(key: string, value: string): Promise<void>;
  readFormer(): Promise<Readonly<Record<string, string>>>;
  writeFormer(former: Readonly<Record<string, string>>): Promise<void>;
  callDocker(method: "POST" | "DELETE", path: string, body?: unknown): Promise<unknown>;
  /** Asks on the wire who already uses an address of the range. */
  sweep(device: string, range: string): Promise<{ squatters: readonly { address: string; mac: string }[] }>;
  writeOwnFile(path: string, content: string, isLink: boolean): Promise<void>;
  removeOwnFile(path: string): Promise<void>;
  /** Where the private half of a key of this host is (src/host/state/key-files.ts). */
  keyPath(clusterUuid: string, publicKey: string): string;
  /** A program that goes on by itself in the background; under systemd in a unit of its own. Returns once it is ready. */
  startDaemon(argv: readonly [string, string]): Promise<void>;
  /** A socket that a daemon left behind; fine when there is none. */
  removeSocket(path: string): Promise<void>;
}

/** How a process ended, with one line for people. */
export interface ToolRun {
  exitCode: number | null;
  signal: string | null;
  stderr: string;
  description: string;
}

/** A process of its own, on a busy machine. */
const PROCESS_MS = 5_000;
/** One line of a batch file; measured 0.03 ms, on slow machines ten times that. */
const LINE_MS = 0.3;

export const estimateProcessMs = (commands: readonly unknown[]): number => Math.ceil(PROCESS_MS + commands.length * LINE_MS);

export const endedWith = ({ exitCode, description }: ToolRun): BatchResult =>
  exitCode === 0 ? DONE : { ok: false, why: description, notes: [] };
