import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { parseSpec } from "../../file/parse-spec.ts";
import { renderFirstSpec, type FirstHost } from "../../file/first-spec.ts";
import { SpanwireError } from "../../model/problem.ts";
import { DEFAULT_SPEC_FILE } from "../program/read-spec.ts";

interface InitOptions {
  file: string;
  cluster: string;
  host: FirstHost[];
}

export function registerInit(program: Command): void {
  program
    .command("init")
    .description("write a first, commented spec file")
    .option("-f, --file <path>", "the file to write; an existing one is left alone", DEFAULT_SPEC_FILE)
    .option("--cluster <name>", "the cluster's name", "prod")
    .option("--host <name=address>", "a host and its underlay address; repeat it for every host", collectHost, [])
    .addHelpText(
      "after",
      "\nExamples:\n  $ spanwire init\n  $ spanwire init --cluster lab --host vm1=192.168.122.81 --host vm2=192.168.122.82\n",
    )
    .action(async (options: InitOptions) => {
      await initSpec(options);
      process.stdout.write(`${options.file}\n`);
      process.stderr.write(`try: edit it, then \`spanwire validate --file ${options.file}\`\n`);
    });
}

function collectHost(value: string, earlier: readonly FirstHost[]): FirstHost[] {
  const [name, address, ...rest] = value.split("=");
  if (!name || !address || rest.length > 0) throw new InvalidArgumentError("write NAME=ADDRESS, like vm1=192.168.122.81");
  return [...earlier, { name, address }];
}

async function initSpec({ file, cluster, host }: InitOptions): Promise<void> {
  const text = renderFirstSpec(cluster, host);
  checkOptions(text);
  try {
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "it exists, and is not overwritten" : message;
    throw new SpanwireError(
      { kind: "input", doing: "writing", what: file, where: "", why, try: "name another file with --file" },
      { cause: error },
    );
  }
}

/** A bad option would make a bad file: say so in terms of the options, before anything is written. */
function checkOptions(text: string): void {
  try {
    parseSpec(text, "");
  } catch (error) {
    if (!(error instanceof SpanwireError)) throw error;
    throw new SpanwireError(
      error.problems.map(({ at: _place, ...problem }) => ({ ...problem, doing: "using the options for", where: "" })),
    );
  }
}
