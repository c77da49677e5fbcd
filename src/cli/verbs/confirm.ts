import type { Command } from "commander";
import { confirmPending } from "../../engine/confirm-pending.ts";
import { resolveLab, withTarget } from "../program/options.ts";
import { print, sayWarnings } from "../terminal/output.ts";
import { hostsOf } from "../../engine/session.ts";
import { openSession, type TargetFlags } from "../program/session.ts";

export function registerConfirm(program: Command): void {
  withTarget(program.command("confirm"))
    .description("keep what `spanwire try` has done, from another terminal")
    .addHelpText("after", "\nExamples:\n  $ spanwire confirm\n  $ spanwire confirm --lab --file examples/quickstart.yaml\n")
    .action(async (raw: TargetFlags & { lab?: string | true }) => {
      const session = await openSession(resolveLab(raw));
      const { hosts, unreachable } = await confirmPending(hostsOf(session), session.transport);
      sayWarnings(unreachable);
      print(`Confirmed: ${hosts.join(", ")}.`);
    });
}
