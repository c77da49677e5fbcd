import type { Command } from "commander";
import type { ParsedSpec } from "../../file/parse-spec.ts";
import { openLockStore } from "../../engine/lock-store.ts";
import { pinWithoutHosts } from "../../lock/pin-without-hosts.ts";
import { formatProblem, SpanwireError, type Problem } from "../../model/problem.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { DEFAULT_SPEC_FILE, readSpec } from "../program/read-spec.ts";
import { findLockPath } from "../program/session.ts";

interface ValidateOptions {
  file: string;
  lock?: string;
  json?: boolean;
}

export function registerValidate(program: Command): void {
  program
    .command("validate")
    .description("check the spec file, and whether it suits its lock; no host is contacted")
    .option("-f, --file <path>", "the spec file", DEFAULT_SPEC_FILE)
    .option("--lock <path>", "the lock file; default: beside the spec file")
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", "\nExamples:\n  $ spanwire validate\n  $ spanwire validate --file prod.yaml --json\n")
    .action(async (options: ValidateOptions) => {
      if (options.json === true) await validateAsJson(options);
      else await validateInWords(options);
    });
}

/** Also what only the slices show: where in them a reserved address may lie. Throws SpanwireError. */
async function readValidSpec(options: ValidateOptions): Promise<ParsedSpec> {
  const spec = await readSpec(options.file);
  const { onlyWhileEmpty } = pinWithoutHosts(spec, await openLockStore(findLockPath(options)).read());
  return { ...spec, warnings: [...spec.warnings, ...onlyWhileEmpty] };
}

async function validateInWords(options: ValidateOptions): Promise<void> {
  const { cluster, warnings } = await readValidSpec(options);
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const networks = cluster.networks.map((network) => `${network.name} ${network.subnet}`).join(", ");
  process.stdout.write(
    `${options.file} is valid: cluster ${cluster.name}, ${count(cluster.hosts.length, "host")}, ${count(cluster.networks.length, "network")} (${networks})\n`,
  );
}

async function validateAsJson(options: ValidateOptions): Promise<void> {
  const { problems, warnings } = await readValidSpec(options).then(
    (spec) => ({ problems: [], warnings: spec.warnings }),
    (error: unknown): { problems: readonly Problem[]; warnings: readonly Problem[] } => {
      if (!(error instanceof SpanwireError)) throw error;
      return { problems: error.problems, warnings: [] };
    },
  );
  printEnvelope("validate", { ok: problems.length === 0, problems }, { warnings });
  if (problems.length > 0) process.exitCode = 1;
}
