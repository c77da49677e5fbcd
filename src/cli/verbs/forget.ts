import type { Command } from "commander";
import { forgetHost } from "../../engine/forget-host.ts";
import { resolveLab, withTarget } from "../program/options.ts";
import { print } from "../terminal/output.ts";
import { openSession, type TargetFlags } from "../program/session.ts";

export function registerForget(program: Command): void {
  withTarget(program.command("forget"))
    .argument("<host>", "a host that has left the file")
    .description("stop waiting for a removed host that will never answer again; no host is contacted")
    .addHelpText("after", HELP)
    .action(async (name: string, raw: TargetFlags & { lab?: string | true }) => {
      await forgetHost(await openSession(resolveLab(raw)), name);
      print(`${name} is forgotten: its number and its slices may be given to others.`);
    });
}

const HELP = `
A host that leaves the file is cleaned by the next \`apply\` that reaches it; until then the lock keeps its number and its
slices, and \`plan\` names it. One that burnt down, or was never reached, is forgotten by this. Should it come back, what is
ours on it stays there: remove it with \`spanwire destroy --host\`, with the host in the file again.

Example:
  $ spanwire forget vm9
`;
