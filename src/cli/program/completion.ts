import { Argument, type Command, type Option } from "commander";
import { DEFAULT_SPEC_FILE } from "./read-spec.ts";
import { print } from "../terminal/output.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** The script asks `spanwire __complete` (see run-main.ts), so it never goes out of date with the command tree. */
const SCRIPTS: Record<(typeof SHELLS)[number], string> = {
  bash: `_spanwire() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(spanwire __complete "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _spanwire spanwire`,
  zsh: `#compdef spanwire
_spanwire() {
  local -a found
  found=(\${(f)"$(spanwire __complete "\${(@)words[2,CURRENT-1]}" 2>/dev/null)"})
  (( $#found )) && compadd -a found || _files
}
compdef _spanwire spanwire`,
  fish: `complete -c spanwire -a "(spanwire __complete (commandline -opc)[2..] 2>/dev/null)"`,
};

/** For a package, or to be sourced. */
export function renderCompletion(shell: (typeof SHELLS)[number]): string {
  return `${SCRIPTS[shell]}\n`;
}

export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .description("print the completion script of a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExamples:\n  $ source <(spanwire completion bash)\n  $ spanwire completion fish > ~/.config/fish/completions/spanwire.fish\n",
    )
    .action((shell: (typeof SHELLS)[number]) => print(renderCompletion(shell)));
}

/** Names of the hosts in a spec file; none where it cannot be read. */
async function readHostNames(file: string): Promise<string[]> {
  const { readSpec } = await import("./read-spec.ts");
  return readSpec(file).then(
    ({ cluster }) => cluster.hosts.map(({ name }) => name),
    () => [],
  );
}

/** What may follow these words: verbs, options, an option's values. None: the shell offers files. */
export async function completeWords(program: Command, words: readonly string[], hostsOf = readHostNames): Promise<string[]> {
  let command = program;
  let open: Option | undefined;
  let file = DEFAULT_SPEC_FILE;
  for (const word of words) {
    if (open !== undefined) {
      if (open.long === "--file") file = word;
      open = undefined;
      continue;
    }
    const option = command.options.find((candidate) => candidate.long === word || candidate.short === word);
    if (option?.required === true) open = option;
    if (option === undefined)
      command = command.commands.find((child) => child.name() === word || child.aliases().includes(word)) ?? command;
  }
  if (open !== undefined) return open.argChoices ?? (open.long === "--host" && command.name() !== "init" ? hostsOf(file) : []);
  const verbs = command.commands.map((child) => child.name()).filter((name) => !name.startsWith("__"));
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const hosts = command.name() === "unfreeze" ? await hostsOf(file) : [];
  const options = command.options.flatMap((option) => (option.long === undefined || words.includes(option.long) ? [] : [option.long]));
  return [...verbs, ...choices, ...hosts, ...options, "--help"];
}
