import { describeFileTrouble } from "./file-trouble.ts";

/**
 * The one shape of an error (docs/architecture.md, "Errors"): what was being done, to what, on which host, why it
 * failed, and what to do next. `kind` alone decides whether trying the same thing again makes sense.
 */
export type ProblemKind =
  /** The user's file, plan file or option is wrong; always carries `at` when it comes from a file. */
  | "input"
  /** Understood, but refused without a named opt-in. */
  | "refused"
  /** The host or its tools lack something that was promised. */
  | "unsupported"
  /** Somebody else holds the name, the port, the lock, or the plan is stale. */
  | "conflict"
  /** A tool ran and failed. */
  | "command"
  | "timeout"
  | "unreachable"
  /** A measured property is not what was promised. */
  | "verify"
  /** Our own mistake. */
  | "bug";

export interface FilePosition {
  file: string;
  /** 1-based. */
  line: number;
  /** 1-based, counted in UTF-16 units as editors do. */
  column: number;
}

export interface Problem {
  kind: ProblemKind;
  /** The act, as a gerund phrase: "creating the bridge". */
  doing: string;
  /** The object it was done to: a name, a path in the file, an address. */
  what: string;
  /** The host (or the file) it happened on. */
  where: string;
  why: string;
  /** One thing the reader can do now. */
  try: string;
  at?: FilePosition;
}

/** Carries one or more problems to the edge, where they are all printed. Never holds a problem-less failure. */
export class SpanwireError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[], options?: ErrorOptions) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map(formatProblem).join("\n"), options);
    this.name = "SpanwireError";
    this.problems = list;
  }
}

/** One problem as one line (plus its advice on a second), without colour. */
export function formatProblem(problem: Problem): string {
  const at = problem.at ? `${problem.at.file}:${problem.at.line}:${problem.at.column}: ` : "";
  const where = problem.at || problem.where === "" ? "" : ` on ${problem.where}`;
  return `${at}${problem.doing} ${problem.what}${where}: ${problem.why}\n  try: ${problem.try}`;
}

/** Any thrown value as problems; what is not ours becomes a `bug`, whose `why` keeps the message. */
export function toProblems(thrown: unknown, doing: string, where: string): Problem[] {
  if (thrown instanceof SpanwireError) return [...thrown.problems];
  const trouble = describeFileTrouble(thrown, where);
  if (trouble !== undefined) return [trouble];
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return [{ kind: "bug", doing, what: "", where, why, try: "report this with the output of the same command and -v" }];
}
