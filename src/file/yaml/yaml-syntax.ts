import type { Document } from "yaml";
import type { FilePosition, Problem } from "../../model/problem.ts";

/** What the YAML library says in its words, in ours; the rest keeps the library's message. */
const EXPLAINED: Readonly<Record<string, { why: string; try: string }>> = {
  TAB_AS_INDENT: { why: "a tab is used for indentation, which YAML does not allow", try: "indent with spaces" },
  BAD_INDENT: { why: "the indentation does not fit the lines above", try: "indent the fields of one mapping equally" },
  NON_STRING_KEY: { why: "a key is not plain text", try: "write the key as a word" },
  MULTILINE_IMPLICIT_KEY: {
    why: "a key runs over several lines",
    try: "put a colon after the key, and the value behind it or indented below",
  },
  TAG_RESOLVE_FAILED: { why: "YAML tags are not used in a spec", try: "leave the !tag out" },
};

/** Errors and warnings of the YAML library, the first of each line: what follows is mostly its echo. */
export function findSyntaxProblems(documents: readonly Document.Parsed[], file: string, at: (offset: number) => FilePosition): Problem[] {
  const problems = new Map<number, Problem>();
  const add = (offset: number, why: string, advice: string): void => {
    const position = at(offset);
    if (problems.has(position.line)) return;
    problems.set(position.line, { kind: "input", doing: "reading", what: "the YAML", where: file, why, try: advice, at: position });
  };
  for (const document of documents) {
    for (const fault of [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0])) {
      const explained = EXPLAINED[fault.code];
      add(fault.pos[0], explained?.why ?? fault.message, explained?.try ?? "correct the YAML here");
    }
  }
  const second = documents[1];
  if (second !== undefined) {
    add(second.range[0], "a second YAML document starts here, and a spec is one", "remove the --- line, or split the file");
  }
  return [...problems.values()].toSorted((a, b) => a.at!.line - b.at!.line);
}
