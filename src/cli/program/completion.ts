import { Argument, type Command } from "commander";
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
  found=("\${(@f)$(spanwire __complete "\${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
  compadd -a found || _files
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

/** Verbs and options that may follow these words. */
export function completeWords(program: Command, words: readonly string[]): string[] {
  let command = program;
  for (const word of words) command = command.commands.find((child) => child.name() === word || child.aliases().includes(word)) ?? command;
  const verbs = command.commands.map((child) => child.name()).filter((name) => !name.startsWith("__"));
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const options = command.options.flatMap((option) => (option.long === undefined || words.includes(option.long) ? [] : [option.long]));
  return [...verbs, ...choices, ...options, "--help"];
}
