import { readFileSync } from "node:fs";

/** Put in by scripts/make-bundle.ts; the sources read package.json. */
declare const SPANWIRE_VERSION: string | undefined;

export const VERSION: string = typeof SPANWIRE_VERSION === "string" ? SPANWIRE_VERSION : readPackageVersion();

function readPackageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return version;
}
