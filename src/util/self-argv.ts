import { isSea } from "node:sea";
import { fileURLToPath } from "node:url";

/** The one self-contained file that scripts/build.ts makes: Node with this program inside. */
export const IS_EXECUTABLE = isSea();
/** The sources run as they are; a bundle (dist/spanwire.mjs) is one file. */
export const IS_SOURCE = import.meta.url.endsWith(".ts");

const MAIN = IS_SOURCE ? new URL("../cli/main.ts", import.meta.url) : import.meta.url;

/** How this program starts itself in a process of its own; a verb follows. */
export const SELF_ARGV: readonly [string, ...string[]] = IS_EXECUTABLE ? [process.execPath] : [process.execPath, fileURLToPath(MAIN)];
