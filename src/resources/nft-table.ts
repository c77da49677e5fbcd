import { containsPrefix } from "../addressing/prefix.ts";
import { compareSets } from "./differences.ts";
import type { Difference, NftChain, NftRule, NftSet, NftTableResource, ResourceKind } from "./resource.ts";

/** Table names carry the whole cluster UUID: the name is the mark. */
export function nftTableName(clusterUuid: string): string {
  return `spanwire_${clusterUuid.replaceAll("-", "")}`;
}

/**
 * Our one nftables table. It only restricts and masquerades: an accept here cannot undo a drop elsewhere (nft(8), base
 * chains). Rules are recognised by their comment, a hash of their text, because listings differ between nft versions.
 */
export const nftTable: ResourceKind<NftTableResource> = {
  kind: "nft-table",
  key: (resource) => `nft-table/${resource.name}`,

  read: (snapshot, clusterUuid) =>
    snapshot.nftTables
      .filter((table) => table.family === "inet" && table.name === nftTableName(clusterUuid))
      .map((table) => ({
        kind: "nft-table",
        name: table.name,
        listing: table.text,
        sets: table.sets.map((set) => ({ name: set.name, type: "ipv4_addr", interval: false, elements: [...set.elements].sort() })),
        chains: table.chains.map((chain) => ({
          name: chain.name,
          type: chain.type as NftChain["type"],
          hook: chain.hook as NftChain["hook"],
          priority: chain.priority,
          rules: chain.rules.map((rule) => ({ id: rule.comment, text: "" })),
        })),
      })),

  compare: (desired, observed) => [...compareTableSets(desired.sets, observed.sets), ...compareChains(desired.chains, observed.chains)],

  dependencies: () => [],

  union(before, after) {
    // before's rules have no text when they were observed: what they restrict goes only with what they protect,
    // so only the sets need both states
    const sets = after.sets.map((set) => {
      const former = before.sets.find((candidate) => candidate.name === set.name);
      return former === undefined ? set : { ...set, elements: uniteElements(former.elements, set.elements) };
    });
    const { listing: _, ...wanted } = after;
    return { ...wanted, sets };
  },

  commands(before, after) {
    if (after === null) return before === null ? [] : [{ tool: "nft", script: `delete table inet ${before.name}\n` }];
    return [{ tool: "nft", script: renderTable(after) }];
  },

  impact: (_before, after) => (after === null ? "members lose masquerade and isolation" : "none"),
};

/** Adds, empties and fills in one transaction: works whether or not the table is there (nft 1.0.6 has no `destroy`). */
function renderTable(table: NftTableResource): string {
  const empty = [`table inet ${table.name}`, `delete table inet ${table.name}`];
  if (table.listing !== undefined) return `${empty.join("\n")}\n${table.listing.trim()}\n`;
  const lines = [...empty, `table inet ${table.name} {`];
  for (const set of table.sets) {
    lines.push(`  set ${set.name} {`, `    type ${set.type}`);
    if (set.interval) lines.push("    flags interval");
    if (set.elements.length > 0) lines.push(`    elements = { ${set.elements.join(", ")} }`);
    lines.push("  }");
  }
  for (const chain of table.chains) {
    lines.push(`  chain ${chain.name} {`, `    type ${chain.type} hook ${chain.hook} priority ${chain.priority}; policy accept;`);
    for (const rule of chain.rules) lines.push(`    ${rule.text} comment "${rule.id}"`);
    lines.push("  }");
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

/** Only plain addresses and prefixes, and none inside another: an interval set refuses those (nft(8), "auto-merge"). */
function uniteElements(former: readonly string[], wanted: readonly string[]): string[] {
  const all = [...new Set([...former.filter((element) => /^[0-9a-f.:/]+$/.test(element)), ...wanted])].sort();
  const prefixes = all.filter((element) => element.includes("/"));
  return all.filter((element) => prefixes.every((other) => other === element || !containsPrefix(other, element)));
}

function compareTableSets(desired: readonly NftSet[], observed: readonly NftSet[]): Difference[] {
  const names = [...new Set([...desired, ...observed].map((set) => set.name))];
  const elementsOf = (sets: readonly NftSet[], name: string): readonly string[] => sets.find((set) => set.name === name)?.elements ?? [];
  return names.flatMap((name) => compareSets(`set ${name}`, elementsOf(desired, name), elementsOf(observed, name), "only these addresses are meant"));
}

function compareChains(desired: readonly NftChain[], observed: readonly NftChain[]): Difference[] {
  const foreign = observed.filter((chain) => desired.every((other) => other.name !== chain.name));
  const extra = foreign.map((chain) => ({ field: `chain ${chain.name}`, from: describeChain(chain), to: "absent", reason: "it is not ours", needs: "change" as const }));
  const ours = desired.flatMap((chain) => {
    const found = observed.find((candidate) => candidate.name === chain.name);
    const from = found === undefined ? "absent" : describeChain(found);
    const to = describeChain(chain);
    if (from === to) return [];
    const missing = chain.rules.filter((rule) => found?.rules.every((other) => other.id !== rule.id) ?? true);
    const reason = missing.length > 0 ? `rules not in force: ${missing.map((rule) => rule.text).join("; ")}` : "rules differ from ours";
    return [{ field: `chain ${chain.name}`, from, to, reason, needs: "change" as const }];
  });
  return [...ours, ...extra];
}

function describeChain(chain: NftChain): string {
  return `${chain.type} ${chain.hook} ${chain.priority} [${chain.rules.map((rule: NftRule) => rule.id || "foreign rule").join(" ")}]`;
}
