import type { Command } from "commander";
import { resolveLab, withTarget } from "../program/options.ts";
import { print } from "../terminal/output.ts";
import { hostsOf } from "../../engine/session.ts";
import { openSession, type TargetFlags } from "../program/session.ts";

export function registerUnfreeze(program: Command): void {
  withTarget(program.command("unfreeze"))
    .argument("<host>", "the host")
    .description("let a host take plans again after a revert that did not fully work, once it is as it was before")
    .addHelpText("after", HELP)
    .action(async (name: string, raw: TargetFlags & { lab?: string | true }) => {
      const session = await openSession(resolveLab({ ...raw, host: [name] }));
      for (const host of hostsOf(session, [name])) {
        const connection = await session.transport.open(host);
        try {
          const { wasFrozen } = await connection.request("unfreeze", {});
          print(wasFrozen ? `${name} takes plans again.` : `${name} is not frozen: nothing to do.`);
        } finally {
          await connection.close();
        }
      }
    });
}

const HELP = `
The host is looked at first: while it still differs from how it was, that is refused, and what differs is named. The other
way out is \`spanwire apply --repair\`, which makes the host as the file says.

Example:
  $ spanwire unfreeze vm2
`;
