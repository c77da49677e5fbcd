import { type Alias, isAlias, isMap, isScalar, isSeq, type Document, type Node, type Scalar, type YAMLMap } from "yaml";
import type { FilePosition, Problem } from "../../model/problem.ts";
import { MAX_ALIASES, MAX_TOKENS } from "../schema/limits.ts";
import { pathText, quote } from "../../util/quote.ts";

/** Keys that exist on every JavaScript object; as a host or network name they would be found where nothing is. */
const INHERITED_KEYS: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), "prototype"]);

/** Plain decimal only. Octal, hex, exponents and leading zeroes read differently in YAML 1.1, 1.2 and JSON. */
const PLAIN_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** Merges the fields of another mapping into this one (yaml.org/type/merge.html). */
export const MERGE_KEY = "<<";

/** What a walk over the document has found so far. */
interface Walk {
  problems: Problem[];
  /** Keys that are written twice: the rest of the file can be judged all the same. */
  repeated: Problem[];
  /** Nodes below each anchor, its aliases expanded. */
  anchorSizes: Map<string, number>;
  /** Nodes by their anchor. */
  anchors: Map<string, unknown>;
  aliases: number;
  file: string;
  at: (offset: number) => FilePosition;
}

type Path = readonly PropertyKey[];

/** Rules that hold for every node, whatever field it is: tags, merge keys, duplicate keys, number forms, aliases. */
export function findNodeProblems(
  document: Document.Parsed,
  file: string,
  at: (offset: number) => FilePosition,
): Pick<Walk, "problems" | "repeated"> {
  const walk: Walk = { problems: [], repeated: [], anchorSizes: new Map(), anchors: new Map(), aliases: 0, file, at };
  const size = walkNode(walk, document.contents, []);
  if (size > MAX_TOKENS)
    add(
      walk,
      document.contents,
      [],
      `its aliases expand to ${size.toExponential(1)} values; at most ${MAX_TOKENS} are allowed`,
      "write the values out",
    );
  return walk;
}

function add(walk: Walk, node: unknown, path: Path, why: string, advice: string, list = walk.problems): void {
  const offset = (node as Node | null)?.range?.[0] ?? 0;
  list.push({ kind: "input", doing: "reading", what: pathText(path), where: walk.file, why, try: advice, at: walk.at(offset) });
}

/** Returns how many nodes stand here and below, aliases expanded. Depth is bounded by readTokens. */
function walkNode(walk: Walk, node: unknown, path: Path): number {
  if (isAlias(node)) return walkAlias(walk, node, path);
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) return 1;
  if (node.tag !== undefined) add(walk, node, path, "YAML tags are not used in a spec", "leave the tag out and write the value itself");
  let size = 1;
  if (isScalar(node)) checkNumber(walk, node, path);
  else if (isMap(node)) size += walkMap(walk, node, path);
  else for (const [i, item] of node.items.entries()) size += walkNode(walk, item, [...path, i]);
  if (node.anchor !== undefined) {
    walk.anchorSizes.set(node.anchor, size);
    walk.anchors.set(node.anchor, node);
  }
  return size;
}

/** A mapping, an alias of one, or a list of these. An alias without its anchor is told of where it stands. */
function isMergeable(value: unknown, anchors: ReadonlyMap<string, unknown>): boolean {
  if (isSeq(value)) return value.items.every((item) => !isSeq(item) && isMergeable(item, anchors));
  if (isAlias(value)) return !anchors.has(value.source) || isMap(anchors.get(value.source));
  return isMap(value);
}

function walkMap(walk: Walk, map: YAMLMap, path: Path): number {
  const seen = new Map<string, Node>();
  let size = 0;
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : "";
    const below = [...path, name];
    const first = seen.get(name);
    if (!isScalar(key)) add(walk, key, path, "a key is not plain text", "write the key as a word");
    else if (first !== undefined) {
      const why = `the key is here a second time; the first is in line ${walk.at(first.range![0]).line}`;
      add(walk, key, below, why, "remove one of the two", walk.repeated);
    } else if (name === MERGE_KEY && !isMergeable(value, walk.anchors))
      add(walk, key, below, "what is merged is no mapping", "write `<<: *NAME`, with `&NAME` before a mapping further up");
    else if (INHERITED_KEYS.has(name)) add(walk, key, below, `${quote(name)} cannot be a name here`, "choose another name");
    if (isScalar(key)) seen.set(name, key);
    size += walkNode(walk, value, below);
  }
  return size;
}

function walkAlias(walk: Walk, alias: Alias, path: Path): number {
  walk.aliases++;
  const size = walk.anchorSizes.get(alias.source);
  if (walk.aliases === MAX_ALIASES + 1) add(walk, alias, path, `the file has more than ${MAX_ALIASES} aliases`, "write the values out");
  if (size === undefined)
    add(
      walk,
      alias,
      path,
      `no anchor ${quote(`&${alias.source}`)} is complete above this alias`,
      "define the anchor before it is used, and not around it",
    );
  return size ?? 1;
}

function checkNumber(walk: Walk, scalar: Scalar, path: Path): void {
  if (typeof scalar.value !== "number" || scalar.type !== "PLAIN") return;
  const source = scalar.source ?? "";
  if (!PLAIN_NUMBER.test(source)) {
    add(
      walk,
      scalar,
      path,
      `${quote(source)} is not a plain decimal number`,
      `write ${Number.isSafeInteger(scalar.value) ? String(scalar.value) : "it in plain digits"}`,
    );
  } else if (Math.abs(scalar.value) > Number.MAX_SAFE_INTEGER) {
    add(walk, scalar, path, `${quote(source)} is larger than any number here can be`, "write a smaller number");
  }
}
