import type { Command } from "commander";
import { specJsonSchema } from "../../file/schema/json-schema.ts";

export function registerSchema(program: Command): void {
  program
    .command("schema")
    .description("print the JSON Schema of the spec file, for editors")
    .addHelpText("after", "\nExample (a file written by `spanwire init` names the result):\n  $ spanwire schema > spanwire.schema.json\n")
    .action(() => {
      process.stdout.write(`${JSON.stringify(specJsonSchema(), null, 2)}\n`);
    });
}
