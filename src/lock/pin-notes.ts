import type { FilePosition, Problem } from "../model/problem.ts";

/** Collects what went wrong and what changes while one network is pinned. */
export interface Notes {
  problems: Problem[];
  changes: string[];
  /** Wishes of the file that what is pinned does not allow now. Nothing fails for them. */
  unmet: Problem[];
  /** `field` is below the network. */
  fail(field: readonly string[], about: Pick<Problem, "why" | "try">): void;
}

export function createNotes(network: string, locate?: (path: readonly PropertyKey[]) => FilePosition): Notes {
  const problems: Problem[] = [];
  return {
    problems,
    changes: [],
    unmet: [],
    fail(field, { why, try: advice }) {
      const path = ["networks", network, ...field];
      problems.push({
        kind: "input",
        doing: "pinning",
        what: path.join("."),
        where: "the lock",
        why,
        try: advice,
        ...(locate === undefined ? {} : { at: locate(path) }),
      });
    },
  };
}
