import type { SpecFile } from "./yaml/spec-file.ts";

/** All names under `hosts`, also of hosts that are not whole: naming one of those is not the mistake. */
export function writtenHosts(spec: SpecFile): ReadonlySet<string> {
  const hosts = (spec.value as { hosts?: unknown }).hosts;
  return new Set(typeof hosts === "object" && hosts !== null ? Object.keys(hosts) : []);
}
