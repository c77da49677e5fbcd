import type { SnapshotNftChain, SnapshotNftTable } from "../../model/snapshot.ts";
import { compareText } from "../../util/compare-text.ts";
import { run } from "../../util/run.ts";
import { readJson } from "./read-json.ts";

/** libnftables-json(5): the parts we read. */
interface NftObject {
  table?: { family: string; name: string };
  set?: { name: string; elem?: unknown[] };
  chain?: { name: string; type?: string; hook?: string; prio?: number; policy?: string };
  rule?: { chain: string; comment?: string; expr: { counter?: { packets: number } }[] };
}

const OUR_PREFIX = "spanwire_";

/** Only tables of ours are looked into: others may be huge, and are nobody's business. */
export async function readNftTables(): Promise<SnapshotNftTable[]> {
  const { nftables } = await readJson<{ nftables: NftObject[] }>(["nft", "-j", "list", "tables"]);
  const ours = nftables.flatMap(({ table }) => (table?.name.startsWith(OUR_PREFIX) === true ? [table] : []));
  return Promise.all(ours.sort((a, b) => compareText(a.name, b.name)).map((table) => readTable(table.family, table.name)));
}

async function readTable(family: string, name: string): Promise<SnapshotNftTable> {
  const [{ nftables }, listing] = await Promise.all([
    readJson<{ nftables: NftObject[] }>(["nft", "-j", "list", "table", family, name]),
    run(["nft", "-s", "list", "table", family, name]),
  ]);
  return {
    family,
    name,
    text: listing.stdout,
    sets: nftables.flatMap(({ set }) =>
      set === undefined ? [] : [{ name: set.name, elements: (set.elem ?? []).map(formatElement).sort() }],
    ),
    chains: nftables.flatMap(({ chain }) => (chain === undefined ? [] : [toChain(chain, nftables)])),
  };
}

function toChain(chain: NonNullable<NftObject["chain"]>, all: readonly NftObject[]): SnapshotNftChain {
  const rules = all.flatMap(({ rule }) => (rule?.chain === chain.name ? [rule] : []));
  return {
    name: chain.name,
    type: chain.type ?? "",
    hook: chain.hook ?? "",
    priority: chain.prio ?? 0,
    policy: chain.policy ?? "",
    rules: rules.map((rule) => {
      const counter = rule.expr.find((expression) => expression.counter !== undefined)?.counter;
      return { comment: rule.comment ?? "", ...(counter === undefined ? {} : { packets: counter.packets }) };
    }),
  };
}

/** An address, a prefix, or something we never write: kept as text, so it shows as a difference. */
function formatElement(element: unknown): string {
  if (typeof element === "string") return element;
  const { prefix } = element as { prefix?: { addr: string; len: number } };
  return prefix === undefined ? JSON.stringify(element) : `${prefix.addr}/${prefix.len}`;
}
