import type { Command } from "commander";
import { DEFAULT_SPEC_FILE } from "./read-spec.ts";

/** Options of every verb that looks at hosts. */
export function withTarget(command: Command): Command {
  return command
    .option("-f, --file <path>", "the spec file", DEFAULT_SPEC_FILE)
    .option("--ssh-config <path>", "for ssh -F: another file than ~/.ssh/config")
    .option("--lab [run]", "the hosts are those of a lab on this machine (see `spanwire lab`); default run: demo")
    .option("--local", "this machine is the only host")
    .option("--lock <path>", "the lock file; default: beside the spec file, or in the lab's folder");
}

/** Not any number of words: those would take in what follows, like the name of a saved plan. */
export function withHosts(command: Command, description: string): Command {
  const collect = (text: string, before: readonly string[] = []): string[] => [...before, ...text.split(",").filter((name) => name !== "")];
  return command.option("--host <names>", `${description}; with commas between, or several times`, collect);
}

/** `--lab` without a run id is the default lab. */
export function resolveLab<T extends { lab?: string | true }>(flags: T): Omit<T, "lab"> & { lab?: string } {
  const { lab, ...rest } = flags;
  const run = lab === true ? "demo" : (lab ?? process.env["SPANWIRE_LAB"]);
  return run === undefined ? rest : { ...rest, lab: run };
}
