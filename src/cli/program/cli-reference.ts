import type { Command } from "commander";

/** The command line's reference page, made from the command tree: what `--help` says, verb by verb. */
export function renderCliReference(program: Command): string {
  const sections = allCommands(program).map((command) => `## ${fullName(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`);
  return ["# The command line", "", "Made from the command tree; `spanwire help VERB` prints the same.", "", ...sections].join("\n");
}

/** Pages are equal on every terminal. */
const COLUMNS = 110;

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => void (text += part), getOutHelpWidth: () => COLUMNS, getOutHasColors: () => false });
  command.outputHelp();
  return text.trim();
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
