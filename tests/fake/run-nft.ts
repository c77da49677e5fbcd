import { overlapsPrefix } from "../../src/net/prefix.ts";
import type { SnapshotNftTable } from "../../src/model/snapshot.ts";
import { Refused } from "./kernel-model.ts";

export type NftTables = Map<string, SnapshotNftTable>;

/** One `nft -f` transaction: all of it or nothing. Knows the statements and blocks that we write, and no others. */
export function runNft(tables: NftTables, script: string): void {
  const next: NftTables = new Map(tables);
  const lines = script.split("\n").map((line) => line.trim());
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line === "" || changeTable(next, line)) continue;
    const block = /^table inet (\w+) \{$/.exec(line);
    const add = /^table inet (\w+)$/.exec(line);
    const drop = /^delete table inet (\w+)$/.exec(line);
    if (add !== null) next.set(add[1]!, next.get(add[1]!) ?? emptyTable(add[1]!));
    else if (drop !== null) {
      if (!next.delete(drop[1]!)) throw new Refused("Error: No such file or directory");
    } else if (block !== null) {
      const end = lines.indexOf("}", findTableEnd(lines, at));
      next.set(block[1]!, parseTable(block[1]!, lines.slice(at + 1, end)));
      at = end;
    } else throw new Refused(`Error: syntax error: ${line}`);
  }
  tables.clear();
  for (const [name, table] of next) tables.set(name, table);
}

/** One line that changes a set or a chain of a table that is there. */
function changeTable(tables: NftTables, line: string): boolean {
  const words = /^(?:(add|delete) element|(add) rule) inet (\w+) (\w+) (.+)$/.exec(line);
  if (words === null) return false;
  const [, element, , name, part, rest] = words;
  const table = tables.get(name!);
  const inside =
    table?.text
      .split("\n")
      .slice(1, -2)
      .map((text) => text.trim()) ?? [];
  const start = inside.indexOf(`${element === undefined ? "chain" : "set"} ${part} {`);
  if (table === undefined || start < 0) throw new Refused("Error: No such file or directory");
  const end = inside.indexOf("}", start);
  if (element === undefined) inside.splice(end, 0, rest!);
  else {
    const had = table.sets.find((set) => set.name === part)!.elements;
    const listed = /^\{ (.+) \}$/.exec(rest!)![1]!.split(", ");
    if (element === "delete" && listed.some((one) => !had.includes(one))) throw new Refused("Error: element does not exist");
    const elements = element === "add" ? [...new Set([...had, ...listed])].sort() : had.filter((one) => !listed.includes(one));
    const body = inside.slice(start + 1, end).filter((text) => !text.startsWith("elements"));
    inside.splice(start + 1, end - start - 1, ...body, ...(elements.length > 0 ? [`elements = { ${elements.join(", ")} }`] : []));
  }
  tables.set(name!, parseTable(name!, inside));
  return true;
}

interface ChainModel {
  name: string;
  type: string;
  hook: string;
  priority: number;
  policy: string;
  rules: { comment: string; packets?: number }[];
}

const emptyTable = (name: string): SnapshotNftTable => ({ family: "inet", name, text: `table inet ${name} {\n}\n`, sets: [], chains: [] });

/** The line of the brace that closes the table, given that blocks inside it are one level deep. */
function findTableEnd(lines: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < lines.length; at++) {
    if (/^(table|set|chain) .*\{$/.test(lines[at] ?? "")) depth += 1;
    if (lines[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  throw new Refused("Error: syntax error, unexpected end of file");
}

function parseTable(name: string, lines: readonly string[]): SnapshotNftTable {
  const sets: { name: string; elements: string[] }[] = [];
  const chains: ChainModel[] = [];
  let open: "set" | "chain" | undefined;
  for (const line of lines) {
    const head = /^(set|chain) (\w+) \{$/.exec(line);
    if (head !== null) {
      open = head[1] as "set" | "chain";
      if (open === "set") sets.push({ name: head[2]!, elements: [] });
      else chains.push({ name: head[2]!, type: "", hook: "", priority: 0, policy: "", rules: [] });
    } else if (line === "}") open = undefined;
    else if (open === "set") readSetLine(line, sets.at(-1)!);
    else if (open === "chain") readChainLine(line, chains.at(-1)!);
    else throw new Refused(`Error: syntax error: ${line}`);
  }
  for (const set of sets) refuseOverlaps(set.elements);
  return { family: "inet", name, text: `table inet ${name} {\n${lines.map((line) => `\t${line}\n`).join("")}}\n`, sets, chains };
}

/** An interval set without auto-merge takes no prefix inside another (measured: nft 1.0.6). */
function refuseOverlaps(elements: readonly string[]): void {
  const prefixes = elements.filter((element) => element.includes("/"));
  const clash = prefixes.some((one, at) => prefixes.some((other, place) => place !== at && overlapsPrefix(one, other)));
  if (clash) throw new Refused("Error: conflicting intervals specified");
}

function readSetLine(line: string, set: { elements: string[] }): void {
  if (/^type ipv[46]_addr$/.test(line) || line === "flags interval") return;
  const elements = /^elements = \{ (.+) \}$/.exec(line);
  if (elements === null) throw new Refused(`Error: syntax error: ${line}`);
  set.elements.push(...elements[1]!.split(", "));
  set.elements.sort();
}

function readChainLine(line: string, chain: ChainModel): void {
  const base = /^type (\w+) hook (\w+) priority (-?\d+); policy (\w+);$/.exec(line);
  if (base !== null) Object.assign(chain, { type: base[1], hook: base[2], priority: Number(base[3]), policy: base[4] });
  else {
    if (line.startsWith("comment ")) throw new Refused(`Error: a rule without a statement: ${line}`);
    const comment = /comment "([^"]*)"$/.exec(line)?.[1] ?? "";
    chain.rules.push({ comment, ...(/ counter /.test(line) ? { packets: 0 } : {}) });
  }
}
