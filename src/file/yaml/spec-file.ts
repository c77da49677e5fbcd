import { Composer, isAlias, isMap, isScalar, isSeq, type Document, type LineCounter, type Node, type YAMLMap } from "yaml";
import { SpanwireError, type FilePosition, type Problem } from "../../model/problem.ts";
import { pathText } from "../../util/quote.ts";
import { findSyntaxProblems } from "./yaml-syntax.ts";
import { findNodeProblems, MERGE_KEY } from "./yaml-nodes.ts";
import { readTokens } from "./yaml-tokens.ts";

export type Path = readonly PropertyKey[];

/** A YAML text that broke no rule of YAML or ours, as plain data, with the way back from a path to its place. */
export interface SpecFile {
  file: string;
  value: unknown;
  /** What does not keep the rest from being judged. */
  problems: readonly Problem[];
  /** Place of the value at `path`, of its key when `part` says so, or of the nearest parent that is written down. */
  locate(path: Path, part?: "key" | "value"): FilePosition;
}

/** Throws SpanwireError with every syntax problem. */
export function readSpecFile(text: string, file: string): SpecFile {
  const { tokens, lines } = readTokens(text, file);
  const at = (offset: number): FilePosition => positionAt(lines, offset, file);
  // uniqueKeys compares every pair of keys; findNodeProblems does it with a set.
  const composer = new Composer({ version: "1.2", schema: "core", merge: true, stringKeys: true, uniqueKeys: false, logLevel: "silent" });
  const documents = [...composer.compose(tokens, true, text.length)];
  const document = documents[0] as Document.Parsed;
  const unreadable = findSyntaxProblems(documents, file, at);
  if (unreadable.length > 0) throw new SpanwireError(unreadable);
  const { problems, repeated } = findNodeProblems(document, file, at);
  if (problems.length > 0) throw new SpanwireError([...problems, ...repeated]);
  return {
    file,
    problems: repeated,
    // The expansion of aliases was counted by findNodeProblems; the library's own count would be a second opinion.
    value: document.toJS({ maxAliasCount: -1 }),
    locate: (path, part = "value") => at(findOffset(document, path, part)),
  };
}

/** One problem of the file, at the place of a value in it. */
export function problemAt(
  spec: SpecFile,
  path: Path,
  about: Pick<Problem, "why" | "try"> & Partial<Problem>,
  part?: "key" | "value",
): Problem {
  return { kind: "input", doing: "reading", what: pathText(path), where: spec.file, at: spec.locate(path, part), ...about };
}

function positionAt(lines: LineCounter, offset: number, file: string): FilePosition {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

const KEY_INDEX = new WeakMap<YAMLMap, Map<string, YAMLMap["items"][number]>>();

/** Pairs by key, built once per map: 10,000 hosts with a problem each must not cost 10,000 scans. */
function indexOf(map: YAMLMap): Map<string, YAMLMap["items"][number]> {
  let index = KEY_INDEX.get(map);
  if (index === undefined) {
    index = new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : "", pair]));
    KEY_INDEX.set(map, index);
  }
  return index;
}

/** A key of a map, or of one that is merged into it (`<<: *common`); what is written in the map itself comes first. */
function findPair(map: YAMLMap, key: string, document: Document.Parsed): YAMLMap["items"][number] | undefined {
  const own = indexOf(map).get(key);
  if (own !== undefined) return own;
  const merged = indexOf(map).get(MERGE_KEY)?.value;
  const sources = isSeq(merged) ? merged.items : [merged];
  for (const source of sources) {
    const resolved = isAlias(source) ? source.resolve(document) : source;
    const found = isMap(resolved) ? findPair(resolved, key, document) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function findOffset(document: Document.Parsed, path: Path, part: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node)) {
      node = node.items[Number(step)];
    } else if (isMap(node)) {
      const pair = findPair(node, String(step), document);
      if (pair === undefined) return offset;
      const wantsKey = part === "key" && depth === path.length - 1;
      offset = offsetOf(pair.key) ?? offset;
      if (wantsKey) return offset;
      node = pair.value;
    } else {
      return offset;
    }
    // An empty value ("hosts:") stands after its key; the key is where the reader looks.
    const isEmpty = isScalar(node) && node.source === "" && node.type === "PLAIN";
    if (!isEmpty) offset = offsetOf(node) ?? offset;
  }
  return offset;
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
