import { fileURLToPath } from "node:url";

/** How this program starts itself, as a host program or a probe. */
export const SELF_ARGV: readonly string[] = [process.execPath, fileURLToPath(new URL("./main.ts", import.meta.url))];
