import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Scalar, type YAMLMap } from "yaml";
import type { FilePosition, Problem } from "../util/problem.ts";
import { MAX_ALIASES, MAX_TOKENS } from "./limits.ts";
import { pathText, quote } from "./quote.ts";

/** Keys that exist on every JavaScript object; as a host or network name they would be found where nothing is. */
const INHERITED_KEYS: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), "prototype"]);

/** Plain decimal only. Octal, hex, exponents and leading zeroes read differently in YAML 1.1, 1.2 and JSON. */
const PLAIN_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** Rules that hold for every node, whatever field it is: tags, merge keys, duplicate keys, number forms, aliases. */
export function findNodeProblems(document: Document.Parsed, file: string, at: (offset: number) => FilePosition): Problem[] {
  const problems: Problem[] = [];
  const anchorSizes = new Map<string, number>();
  let aliases = 0;

  function add(node: unknown, path: readonly PropertyKey[], why: string, advice: string): void {
    const offset = (node as Node | null)?.range?.[0] ?? 0;
    problems.push({ kind: "input", doing: "reading", what: pathText(path), where: file, why, try: advice, at: at(offset) });
  }

  /** Returns how many nodes stand below, aliases expanded. */
  function walk(node: unknown, path: readonly PropertyKey[]): number {
    if (isAlias(node)) return walkAlias(node, path);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return 1;
    if (node.tag !== undefined && !node.tag.startsWith("tag:yaml.org,2002:")) add(node, path, `the YAML tag ${quote(node.tag)} is not used in a spec`, "leave the tag out");
    else if (node.tag !== undefined) add(node, path, "YAML tags are not used in a spec", "leave the tag out and write the value itself");
    let size = 1;
    if (isScalar(node)) checkNumber(node, path);
    else if (isMap(node)) size += walkMap(node, path);
    else for (const [i, item] of node.items.entries()) size += walk(item, [...path, i]);
    if (node.anchor !== undefined) anchorSizes.set(node.anchor, size);
    return size;
  }

  function walkMap(map: YAMLMap, path: readonly PropertyKey[]): number {
    const seen = new Map<string, unknown>();
    let size = 0;
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : "";
      const below = [...path, name];
      if (!isScalar(key)) add(key, path, "a key is not plain text", "write the key as a word");
      else if (seen.has(name)) {
        const first = at((seen.get(name) as Node).range![0]);
        add(key, below, `the key is here a second time; the first is in line ${first.line}`, "remove one of the two");
      } else if (name === "<<") add(key, below, "YAML merge keys are not supported", "repeat the fields, or use an alias for the whole value");
      else if (INHERITED_KEYS.has(name)) add(key, below, `${quote(name)} cannot be a name here`, "choose another name");
      seen.set(name, key);
      size += walk(value, below);
    }
    return size;
  }

  function walkAlias(alias: { source: string } & object, path: readonly PropertyKey[]): number {
    aliases++;
    const size = anchorSizes.get(alias.source);
    if (aliases === MAX_ALIASES + 1) add(alias, path, `the file has more than ${MAX_ALIASES} aliases`, "write the values out");
    if (size === undefined) add(alias, path, `no anchor &${alias.source} is complete above this alias`, "define the anchor before it is used, and not around it");
    return size ?? 1;
  }

  function checkNumber(scalar: Scalar, path: readonly PropertyKey[]): void {
    if (typeof scalar.value !== "number" || scalar.type !== "PLAIN") return;
    const source = scalar.source ?? "";
    if (!PLAIN_NUMBER.test(source)) {
      add(scalar, path, `${quote(source)} is not a plain decimal number`, `write ${Number.isSafeInteger(scalar.value) ? String(scalar.value) : "it in plain digits"}`);
    } else if (Math.abs(scalar.value) > Number.MAX_SAFE_INTEGER) {
      add(scalar, path, `${quote(source)} is larger than any number here can be`, "write a smaller number");
    }
  }

  const size = walk(document.contents, []);
  if (size > MAX_TOKENS) add(document.contents, [], `its aliases expand to ${size.toExponential(1)} values; at most ${MAX_TOKENS} are allowed`, "write the values out");
  return problems;
}
