import { Command } from "commander";
import { registerApply } from "../verbs/apply.ts";
import { registerCompletion } from "./completion.ts";
import { registerConfirm } from "../verbs/confirm.ts";
import { registerDestroy } from "../verbs/destroy.ts";
import { registerDoctor } from "../verbs/doctor.ts";
import { registerExplain } from "../verbs/explain.ts";
import { registerForget } from "../verbs/forget.ts";
import { registerGraph } from "../verbs/graph.ts";
import { registerInit } from "../verbs/init.ts";
import { registerLab } from "../verbs/lab.ts";
import { registerPlan } from "../verbs/plan.ts";
import { registerRotate } from "../verbs/rotate.ts";
import { registerSchema } from "../verbs/schema.ts";
import { registerStatus } from "../verbs/status.ts";
import { registerTry } from "../verbs/try.ts";
import { registerUnfreeze } from "../verbs/unfreeze.ts";
import { registerValidate } from "../verbs/validate.ts";
import { openVerify, registerVerify } from "../verbs/verify.ts";
import { VERSION } from "../../util/version.ts";

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
  registerVerify(program, openVerify);
  registerStatus(program);
  registerGraph(program);
  registerExplain(program);
  registerDoctor(program);
  registerUnfreeze(program);
  registerForget(program);
  registerRotate(program);
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

Environment: SPANWIRE_LAB=RUN is --lab RUN; SPANWIRE_SSH_CONFIG=PATH is --ssh-config PATH; SPANWIRE_PATIENCE=N (1 to 20) waits N times
longer before giving up, for hosts that are far slower than others; NO_COLOR=1 leaves colours out.
`;
