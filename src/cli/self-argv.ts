import { programPath } from "../util/program-path.ts";

/** How this program starts itself, as a host program or a probe. */
export const SELF_ARGV: readonly string[] = [process.execPath, programPath("spanwire")];
