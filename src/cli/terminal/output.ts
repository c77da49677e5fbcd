import { styleText } from "node:util";
import { formatProblem, type Problem } from "../../model/problem.ts";
import { escapeControls } from "./escape-controls.ts";

let muted = false;

/** After an interrupt only the interrupt speaks: what fails because of it is no news. */
export function muteOutput(): void {
  muted = true;
}

/** stdout is data, stderr is talk. */
export function print(text: string): void {
  if (!muted) write(process.stdout, text);
}

export function say(text: string): void {
  if (!muted) write(process.stderr, text);
}

const CLEAR_LINE = "\r\u001B[K";
let ticker = "";

/** One line at the bottom that is written over in place; empty takes it away. For a terminal alone. */
export function setTicker(text: string): void {
  if (muted || text === ticker) return;
  ticker = text;
  process.stderr.write(`${CLEAR_LINE}${escapeControls(text)}`);
}

function write(stream: NodeJS.WriteStream, text: string): void {
  if (ticker !== "") process.stderr.write(CLEAR_LINE);
  stream.write(escapeControls(text.endsWith("\n") ? text : `${text}\n`));
  if (ticker !== "") process.stderr.write(ticker);
}

export function sayProblems(problems: readonly Problem[]): void {
  for (const problem of problems) say(`${colour("red", "error")}: ${formatProblem(problem)}`);
}

export function sayWarnings(problems: readonly Problem[]): void {
  for (const problem of problems) say(`${colour("yellow", "warning")}: ${formatProblem(problem)}`);
}

type Colour = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

/** Colour on a terminal only; util.styleText also heeds NO_COLOR. */
export function colour(name: Colour, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styleText(name, text, { stream });
}

/** Lines of what is going on, for a person who waits; nothing when nobody watches. */
export function createProgress(): (host: string, text: string) => void {
  if (!process.stderr.isTTY) return () => {};
  const startedAt = performance.now();
  return (host, text) =>
    say(`${colour("dim", `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`)}  ${host.padEnd(12)} ${text}`);
}
