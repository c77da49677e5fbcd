import { InvalidArgumentError, type Command } from "commander";
import { withHosts } from "./options.ts";
import type { TargetFlags } from "./session.ts";

/** Flags of the verbs that change hosts. */
export interface ChangeFlags extends TargetFlags {
  verify: boolean;
  /** Seconds. */
  confirmWithin: number;
  repair?: boolean;
  yes?: boolean;
  json?: boolean;
  allowManagementPath?: boolean;
}

/** Of every verb that changes hosts for good without another word. */
export const YES_OPTION = ["-y, --yes", "do not ask before changing hosts"] as const;

/** Of every verb that plans: what is refused there, and what carries it out, must agree. */
export const MANAGEMENT_OPTION = ["--allow-management-path", "steps may touch the route or device over which a host is managed"] as const;

const DEFAULT_CONFIRM_WITHIN_S = 60;
const MAX_CONFIRM_WITHIN_S = 3600;

export const CONFIRM_WITHIN_OPTION = [
  "--confirm-within <seconds>",
  "a host that hears nothing for so long goes back by itself",
  parseSeconds,
  DEFAULT_CONFIRM_WITHIN_S,
] as const;

export function withChange(command: Command): Command {
  return withHosts(command, "only these hosts")
    .argument("[plan]", "a plan saved by `plan --out`: exactly that is applied, or refused when it is stale")
    .option("--no-verify", "do not measure before confirming")
    .option(...MANAGEMENT_OPTION)
    .option(...CONFIRM_WITHIN_OPTION);
}

/** B48. */
function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,4}$/.test(text) && seconds >= 1 && seconds <= MAX_CONFIRM_WITHIN_S) return seconds;
  throw new InvalidArgumentError(`"${text}" is not a number of seconds from 1 to ${MAX_CONFIRM_WITHIN_S}`);
}
