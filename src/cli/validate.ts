import type { Command } from "commander";
import { formatProblem, SpanwireError, type Problem } from "../util/problem.ts";
import { DEFAULT_SPEC_FILE, readSpec } from "./read-spec.ts";

/** What `validate --json` prints. */
export interface ValidateEnvelope {
  version: 1;
  kind: "validate";
  ok: boolean;
  problems: readonly Problem[];
  warnings: readonly Problem[];
}

interface ValidateOptions {
  file: string;
  json?: boolean;
}

export function registerValidate(program: Command): void {
  program
    .command("validate")
    .description("check the spec file; no host is contacted")
    .option("-f, --file <path>", "the spec file", DEFAULT_SPEC_FILE)
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", "\nExamples:\n  $ spanwire validate\n  $ spanwire validate --file prod.yaml --json\n")
    .action(async (options: ValidateOptions) => {
      if (options.json === true) await validateAsJson(options.file);
      else await validateInWords(options.file);
    });
}

async function validateInWords(file: string): Promise<void> {
  const { cluster, warnings } = await readSpec(file);
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const networks = cluster.networks.map((network) => `${network.name} ${network.subnet}`).join(", ");
  process.stdout.write(
    `${file} is valid: cluster ${cluster.name}, ${count(cluster.hosts.length, "host")}, ${count(cluster.networks.length, "network")} (${networks})\n`,
  );
}

async function validateAsJson(file: string): Promise<void> {
  const envelope: ValidateEnvelope = await readSpec(file).then(
    ({ warnings }) => ({ version: 1, kind: "validate", ok: true, problems: [], warnings }),
    (error: unknown) => {
      if (!(error instanceof SpanwireError)) throw error;
      return { version: 1, kind: "validate", ok: false, problems: error.problems, warnings: [] };
    },
  );
  process.stdout.write(`${JSON.stringify(envelope, null, 2)}\n`);
  if (!envelope.ok) process.exitCode = 1;
}
