import { fileURLToPath } from "node:url";

/** The sources run as they are; scripts/build.ts makes two files of them, dist/spanwire.mjs and dist/enter-daemon.mjs. */
const IS_BUNDLE = import.meta.url.endsWith(".mjs");

const PROGRAMS = {
  spanwire: IS_BUNDLE ? "spanwire.mjs" : "../cli/main.ts",
  "enter-daemon": IS_BUNDLE ? "enter-daemon.mjs" : "../lab/enter-daemon.ts",
};

/** The file of one of our programs, for a process of its own. */
export function programPath(program: keyof typeof PROGRAMS): string {
  return fileURLToPath(new URL(PROGRAMS[program], import.meta.url));
}

export const PACKAGE_FILE = new URL(IS_BUNDLE ? "../package.json" : "../../package.json", import.meta.url);
