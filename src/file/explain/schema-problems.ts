import type { Problem } from "../../model/problem.ts";
import { explainIssue, flattenIssue, type Explained, type Issue } from "./explain-issue.ts";
import type { Path, SpecFile } from "../yaml/spec-file.ts";

/** Every schema issue as a problem at its place, in the order of the file, without those that only echo another. */
export function schemaProblems(issues: readonly Issue[], spec: SpecFile): Problem[] {
  const explained = issues.flatMap((issue) => flattenIssue(issue, [], spec.value)).flatMap((issue) => explainIssue(issue, spec));
  const isEcho = echoTest(explained);
  return explained
    .filter((one) => !isEcho(one))
    .map(({ problem }) => problem)
    .toSorted(byPlace);
}

export function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

/** A misspelt field is not missing as well; a data plane of a later version brings fields that are not the mistake. */
function echoTest(explained: readonly Explained[]): (one: Explained) => boolean {
  const key = (path: Path): string => JSON.stringify(path);
  const parent = (path: Path): string => key(path.slice(0, -1));
  const later = explained.filter(({ cause }) => cause === "later");
  const meant = new Set(explained.flatMap((one) => (one.meant === undefined ? [] : [key([...one.path.slice(0, -1), one.meant])])));
  const besideLater = new Set(later.map(({ path }) => parent(path)));
  const besideLaterType = new Set(later.filter(({ path }) => path.at(-1) === "type").map(({ path }) => parent(path)));
  return ({ path, cause }) =>
    (cause === "missing" && (meant.has(key(path)) || besideLater.has(parent(path)))) ||
    (path.at(-1) !== "type" && besideLaterType.has(parent(path)));
}
