import { type Command, InvalidArgumentError } from "commander";
import { DEFAULT_RUN_ID, parseRunId } from "../../lab/lab-names.ts";

export interface RunOption {
  run: string;
}

export const withRun = (command: Command): Command =>
  command.option("--run <id>", "which lab; labs side by side do not collide", parseRun, DEFAULT_RUN_ID);
export const runArgument = (runId: string): string => (runId === DEFAULT_RUN_ID ? "" : ` --run ${runId}`);
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function parseRun(text: string): string {
  try {
    return parseRunId(text);
  } catch {
    throw new InvalidArgumentError("A run id is a small letter and at most 7 more small letters or digits.");
  }
}

export function parseNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export const parseOneOf =
  <T extends string>(choices: readonly T[]) =>
  (text: string): T => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new InvalidArgumentError(`It must be one of ${choices.join(", ")}.`);
    return choice;
  };
