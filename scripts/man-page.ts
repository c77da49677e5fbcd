import type { Command } from "commander";
import { renderFirstSpec } from "../src/file/first-spec.ts";
import { specFields } from "../src/file/schema/spec-reference.ts";

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

/** spanwire.yaml(5), made from the schema that the parser itself uses. */
export function renderFileManPage(version: string, date: string): string {
  const plain = (text: string): string => text.replaceAll("`", "");
  return [
    `.TH SPANWIRE.YAML 5 ${quote(date)} ${quote(`spanwire ${version}`)} "File Formats"`,
    ".SH NAME",
    escape("spanwire.yaml - the cluster file of spanwire"),
    ".SH DESCRIPTION",
    escape("One YAML document: hosts, and the networks across them. `spanwire init` writes a first one, `spanwire validate` checks it."),
    ".SH FIELDS",
    ...specFields().map(([field = "", value = "", preset = "", text = "", example = ""]) => {
      const about = [
        text,
        value === "" ? "" : `Value: ${value}.`,
        preset === "" ? "" : preset === "required" ? "Required." : `Default: ${preset}.`,
        example === "" ? "" : `Example: ${example}`,
      ];
      return entry(plain(field), plain(about.filter((part) => part !== "").join(" ")));
    }),
    ".SH EXAMPLE",
    ".nf",
    escape(renderFirstSpec("prod", [])),
    ".fi",
    ".SH SEE ALSO",
    ".BR spanwire (1)",
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
