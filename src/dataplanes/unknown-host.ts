import type { Problem } from "../model/problem.ts";
import { suggest } from "../util/suggest.ts";

/** `thing` is what names the host: "the pin". */
export function unknownHost(host: string, hosts: ReadonlySet<string>, thing: string): Pick<Problem, "why" | "try"> {
  const near = suggest(host, [...hosts]);
  return {
    why: `there is no host ${host}`,
    try: near === undefined ? `add the host, or remove ${thing}` : `write ${near}, or add the host`,
  };
}
