import type { Command } from "commander";
import { applyFrom } from "./apply.ts";
import { askPerson } from "../terminal/ask-person.ts";
import { withChange, type ChangeFlags } from "../program/change-options.ts";
import { resolveLab, withTarget } from "../program/options.ts";

export function registerTry(program: Command): void {
  withChange(withTarget(program.command("try")))
    .description("apply, then wait for your word; without it everything goes back by itself")
    .addHelpText("after", HELP)
    .action(async (saved: string | undefined, raw: ChangeFlags & { lab?: string | true }) => {
      const flags = resolveLab(raw);
      await applyFrom(saved, flags, (connections, planId) => askPerson(connections, planId, flags.confirmWithin));
    });
}

const HELP = `
The change is made and measured as by \`apply\`. Enter, or \`spanwire confirm\` in another terminal, keeps it. Ctrl-C, a lost
connection, or --confirm-within seconds without a word take every host back to how it was.

Examples:
  $ spanwire try
  $ spanwire try --confirm-within 300
`;
