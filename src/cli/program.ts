import { Command } from "commander";
import { registerApply } from "./apply.ts";
import { registerCompletion } from "./completion.ts";
import { registerConfirm } from "./confirm.ts";
import { registerDestroy } from "./destroy.ts";
import { registerDoctor } from "./doctor.ts";
import { registerGraph } from "./graph.ts";
import { registerInit } from "./init.ts";
import { registerLab } from "./lab.ts";
import { registerPlan } from "./plan.ts";
import { prepareVerify } from "./prepare-verify.ts";
import { registerSchema } from "./schema.ts";
import { registerStatus } from "./status.ts";
import { registerTry } from "./try.ts";
import { registerUnfreeze } from "./unfreeze.ts";
import { registerValidate } from "./validate.ts";
import { registerVerify } from "./verify.ts";
import { VERSION } from "../util/version.ts";

/** The command tree. Help, completion and the reference are made from it. */
export function createProgram(): Command {
  const program = new Command("spanwire")
    .description("one container network across several plain Docker hosts")
    .version(VERSION, "-V, --version")
    .option("-v, --verbose", "say more when something fails")
    .showHelpAfterError("(`spanwire help` lists the commands)")
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", HELP);
  registerInit(program);
  registerValidate(program);
  registerPlan(program);
  registerApply(program);
  registerTry(program);
  registerConfirm(program);
  registerVerify(program, prepareVerify);
  registerStatus(program);
  registerGraph(program);
  registerDoctor(program);
  registerUnfreeze(program);
  registerDestroy(program);
  registerSchema(program);
  registerLab(program);
  registerCompletion(program);
  inheritSettings(program);
  return program;
}

/** commander copies settings to subcommands only when they are made after the setting; ours are registered elsewhere. */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritSettings(child);
  }
}

const HELP = `
The way through:
  $ spanwire init --host vm1=192.168.122.81 --host vm2=192.168.122.82
  $ spanwire plan
  $ spanwire apply
  $ spanwire verify

Exit codes: 0 done or nothing to do; 1 failed; 2 wrong command line (or, with plan --detailed-exitcode, changes);
130 interrupted.
`;
