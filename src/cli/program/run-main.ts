import type { Command } from "commander";
import { PATIENCE_VARIABLE, readPatience } from "../../util/patience.ts";
import { toProblems } from "../../model/problem.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** `spanwire status | head`: who does not want the rest is no error of ours (EPIPE). */
function endOutput(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`error: writing the output: ${error.code === "ENOSPC" ? "the disk is full" : error.message}\n`);
  process.exit(EXIT_FAILED);
}

/** Parses, runs, and turns whatever goes wrong into lines for people and an exit code. */
export async function runMain(argv: readonly string[]): Promise<void> {
  const [{ createProgram }, { CommanderError }, { sayProblems, say }, { findEnvelopeKind, printEnvelope }] = await Promise.all([
    import("./program.ts"),
    import("commander"),
    import("../terminal/output.ts"),
    import("../terminal/envelope.ts"),
  ]);
  const patience = process.env[PATIENCE_VARIABLE];
  if (patience !== undefined && readPatience(patience) === undefined) {
    say(
      `${PATIENCE_VARIABLE}=${JSON.stringify(patience)} is no number from 1 to 20: how many times longer than usual to wait; unset it, or correct it`,
    );
    process.exitCode = EXIT_USAGE;
    return;
  }
  const program: Command = createProgram();
  process.stdout.on("error", endOutput);
  if (argv[2] === "__complete") {
    const { completeWords } = await import("./completion.ts");
    return void process.stdout.write(`${(await completeWords(program, argv.slice(3))).join("\n")}\n`);
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
      return;
    }
    const problems = toProblems(error, "running", "");
    sayProblems(problems);
    const kind = findEnvelopeKind(argv);
    if (kind !== undefined) printEnvelope(kind, { ok: false, problems });
    if (argv.includes("-v") || argv.includes("--verbose")) say(error instanceof Error ? (error.stack ?? "") : "");
    process.exitCode = EXIT_FAILED;
  }
}
