import type { Problem } from "../model/problem.ts";
import type { SpecFile } from "./yaml/spec-file.ts";
import { suggest } from "./explain/suggest.ts";

/** All names under `hosts`, also of hosts that are not whole: naming one of those is not the mistake. */
export function writtenHosts(spec: SpecFile): ReadonlySet<string> {
  const hosts = (spec.value as { hosts?: unknown }).hosts;
  return new Set(typeof hosts === "object" && hosts !== null ? Object.keys(hosts) : []);
}

/** `thing` is what names the host: "the pin". */
export function unknownHost(host: string, hosts: ReadonlySet<string>, thing: string): Pick<Problem, "why" | "try"> {
  const near = suggest(host, [...hosts]);
  return {
    why: `there is no host ${host}`,
    try: near === undefined ? `add the host, or remove ${thing}` : `write ${near}, or add the host`,
  };
}
