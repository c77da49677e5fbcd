import type { Command } from "commander";

/** spanwire(1), made from the command tree (man(7) macros): what `--help` says, verb by verb. */
export function renderManPage(program: Command, version: string, date: string): string {
  const verbs = program.commands.flatMap((command) => [command, ...command.commands]);
  return [
    `.TH SPANWIRE 1 ${quote(date)} ${quote(`spanwire ${version}`)} "User Commands"`,
    ".SH NAME",
    `spanwire \\- ${escape(program.description())}`,
    ".SH SYNOPSIS",
    `.B spanwire\n${escape("COMMAND [OPTIONS]")}`,
    ".SH COMMANDS",
    ...verbs.map(renderVerb),
    ".SH OPTIONS",
    ...renderOptions(program),
    ".SH FILES",
    entry("spanwire.yaml", "The cluster, in the current folder."),
    entry("spanwire.lock", "What must not move, beside it; kept in version control."),
    entry("~/.ssh/config", "How hosts are reached."),
    entry("~/.local/state/spanwire/audit.jsonl", "Who applied what, when, with which result."),
    entry("/usr/local/lib/spanwire", "On a host: the program that was placed there."),
    entry("/var/lib/spanwire", "On a host: former values of settings, journals, the audit log."),
    ".SH EXIT STATUS",
    entry("0", "Done, or nothing to do."),
    entry("1", "Failed."),
    entry("2", "Wrong command line, or changes with plan --detailed-exitcode."),
    entry("130", "Interrupted."),
    "",
  ].join("\n");
}

function renderVerb(command: Command): string {
  const parent = command.parent === null || command.parent.parent === null ? "" : `${command.parent.name()} `;
  const words = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
  return [
    `.SS ${quote([`${parent}${command.name()}`, ...words].join(" "))}`,
    escape(command.description()),
    ...renderOptions(command),
  ].join("\n");
}

const renderOptions = (command: Command): string[] => command.options.map((option) => entry(option.flags, option.description));

const entry = (term: string, text: string): string => `.TP\n.B ${quote(term)}\n${escape(text)}`;

/** groff_man(7): a backslash starts an escape, a hyphen is typographic unless escaped, a leading dot or quote is a request. */
function escape(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .split("\n")
    .map((line) => (/^[.']/.test(line) ? `\\&${line}` : line))
    .join("\n");
}

const quote = (text: string): string => `"${escape(text).replaceAll('"', "\\(dq")}"`;
