import { containsPrefix } from "../net/prefix.ts";
import { compareSets } from "./differences.ts";
import { z } from "zod";
import type { Difference, ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";

const tableName = z.string().regex(/^spanwire_[0-9a-f]{32}$/);

const nftRule = z.strictObject({
  /** Hash of the text: the rule's comment in the kernel, by which it is recognised. */
  id: z.string().regex(/^[a-z]*-?[0-9a-f]*$/),
  /**
   * nft syntax without the comment: the rules we write and nothing that could end one and start another, so braces only around
   * a list of words. Empty on observed rules: the id stands for it.
   */
  text: z.string().regex(/^((ip6?|iifname|oifname|fib) ([a-z0-9 .:/!=<>&@"*_-]|\{ [a-z0-9 "_-]+(, [a-z0-9 "_-]+)* \})*)?$/),
});
const nftSet = z.strictObject({
  name: is.word,
  type: z.enum(["ipv4_addr", "ipv6_addr"]),
  /** True when elements are prefixes. */
  interval: z.boolean(),
  elements: z.array(z.string().regex(/^[0-9a-f.:/]+$/)).readonly(),
});
const nftChain = z.strictObject({
  name: is.word,
  type: z.enum(["filter", "nat"]),
  hook: z.enum(["prerouting", "input", "forward", "output", "postrouting"]),
  /** Numeric, see nft(8) "Standard priority names". */
  priority: z.int().min(-1000).max(1000),
  rules: z.array(nftRule).readonly(),
});
const schema = z.strictObject({
  kind: z.literal("nft-table"),
  network: is.network,
  name: tableName,
  sets: z.array(nftSet).readonly(),
  chains: z.array(nftChain).readonly(),
});

export type NftRule = z.output<typeof nftRule>;
export type NftSet = z.output<typeof nftSet>;
export type NftChain = z.output<typeof nftChain>;
export type NftTableResource = z.output<typeof schema> & {
  /** Only on observed tables: nft's own listing, which a revert writes back. */
  listing?: string;
};

/** A table as found: what others put into it is only ever written back as its listing, by the host that took it. */
const foundSchema = z.strictObject({
  kind: z.literal("nft-table"),
  network: is.network,
  name: tableName,
  listing: z.string().max(4_000_000),
  sets: z.array(z.strictObject({ name: z.string(), type: z.string(), interval: z.boolean(), elements: z.array(z.string()) })),
  chains: z.array(
    z.strictObject({
      ...{ name: z.string(), type: z.string(), hook: z.string(), priority: z.int() },
      rules: z.array(z.strictObject({ id: z.string(), text: z.literal("") })),
    }),
  ),
});

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
  schema,
  // the words in a found table are the kernel's, not those of our types: nothing of it is written but its listing
  foundSchema: foundSchema as unknown as z.ZodType<NftTableResource>,
  noun: "nft table",
  unseenBecause: ({ tools }) => (tools["nft"] === undefined ? "nft tables: nft is missing (package nftables)" : undefined),
  touches: () => ({ devices: [] }),
  key: (resource) => `nft-table/${resource.name}`,

  read: (snapshot, clusterUuid) =>
    snapshot.nftTables
      .filter((table) => table.family === "inet" && table.name === nftTableName(clusterUuid))
      .map((table) => ({
        kind: "nft-table",
        network: "",
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
  asSettled: ({ listing: _, ...table }) => table, // nft lists one table in different words from version to version

  union(before, all) {
    const { listing: _, ...wanted } = all;
    const after = { ...wanted, chains: wanted.chains.filter((chain) => !comesLast(chain, before)) };
    const sets = after.sets.map((set) => ({
      ...set,
      elements: uniteElements(findNamed(before.sets, set.name)?.elements ?? [], set.elements),
    }));
    // What others changed is put right at once. Otherwise the old rules stay until what they restrict is gone.
    if (!canGrow(before, after) || isOutOfPlace(before, after)) return { ...after, sets };
    const chains = after.chains.map((chain) => {
      const present = findNamed(before.chains, chain.name)?.rules ?? [];
      return { ...chain, rules: [...present.map(({ id }) => ({ id, text: "" })), ...newRules(chain, present)] };
    });
    return { ...after, sets, chains };
  },

  commands(before, after) {
    if (after === null) return before === null ? [] : [{ tool: "nft", script: `delete table inet ${before.name}\n` }];
    const keepsOld = after.chains.some((chain) => chain.rules.some((rule) => rule.text === ""));
    return [
      {
        tool: "nft",
        script: before !== null && keepsOld && after.listing === undefined ? renderGrowth(before, after) : renderTable(after),
      },
    ];
  },

  impact: (_before, after) => (after === null ? "members lose masquerade and isolation" : "none"),
};

/** Chains of this name confine one network to its plane's devices: their rules name its subnet first. */
export const CONFINING = "inside_";

/**
 * A network that was there before goes on by its old way until it has the new one: what confines it to that is put in force after
 * everything else. Of a new network it stands before the first packet.
 */
function comesLast({ name, rules }: NftChain, before: NftTableResource): boolean {
  if (!name.startsWith(CONFINING) || findNamed(before.chains, name) !== undefined) return false;
  const subnet = /^ip6? [sd]addr (\S+)/.exec(rules[0]?.text ?? "")?.[1];
  return subnet !== undefined && before.sets.some(({ elements }) => elements.includes(subnet));
}

/** A rule that somebody took out goes back where it was; growing would append it, and need a second step to move it. */
function isOutOfPlace(before: NftTableResource, after: NftTableResource): boolean {
  return after.chains.some((chain) => {
    const present = findNamed(before.chains, chain.name)?.rules ?? [];
    const keepsAll = present.every((rule) => chain.rules.some((other) => other.id === rule.id));
    const grown = [...present, ...newRules(chain, present)].map((rule) => rule.id);
    return keepsAll && grown.join() !== chain.rules.map((rule) => rule.id).join();
  });
}

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

/** Nobody changed the table: every chain is as we made it, with rules of ours only. */
function canGrow(before: NftTableResource, after: NftTableResource): boolean {
  const isOurs = (chain: NftChain): boolean => {
    const found = findNamed(before.chains, chain.name);
    return found !== undefined && isSameHook(chain, found) && found.rules.every((rule) => rule.id !== "");
  };
  const isNothingElse = before.chains.length === after.chains.length && before.sets.length === after.sets.length;
  return isNothingElse && after.chains.every(isOurs) && after.sets.every((set) => findNamed(before.sets, set.name) !== undefined);
}

const isSameHook = (a: NftChain, b: NftChain): boolean => a.type === b.type && a.hook === b.hook && a.priority === b.priority;
const findNamed = <T extends { name: string }>(list: readonly T[], name: string): T | undefined => list.find((item) => item.name === name);
const newRules = (chain: NftChain, present: readonly NftRule[]): NftRule[] =>
  chain.rules.filter((rule) => present.every((other) => other.id !== rule.id));

/** Only additions, in one transaction. A prefix that takes in a smaller one takes its place. */
function renderGrowth(before: NftTableResource, after: NftTableResource): string {
  const lines: string[] = [];
  for (const set of after.sets) {
    const had = findNamed(before.sets, set.name)?.elements ?? [];
    const gone = had.filter((element) => !set.elements.includes(element));
    const added = set.elements.filter((element) => !had.includes(element));
    if (gone.length > 0) lines.push(`delete element inet ${after.name} ${set.name} { ${gone.join(", ")} }`);
    if (added.length > 0) lines.push(`add element inet ${after.name} ${set.name} { ${added.join(", ")} }`);
  }
  for (const chain of after.chains) {
    const present = findNamed(before.chains, chain.name)?.rules ?? [];
    for (const rule of newRules(chain, present)) lines.push(`add rule inet ${after.name} ${chain.name} ${rule.text} comment "${rule.id}"`);
  }
  return `${lines.join("\n")}\n`;
}

/** What the sets that compile-nft-table.ts makes are, for people. */
const SET_WORDS: Readonly<Record<string, string>> = {
  peers4: "hosts whose tunnel packets are let in",
  peers6: "hosts whose tunnel packets are let in",
  cluster4: "subnets of the cluster",
  cluster6: "subnets of the cluster",
};

function compareTableSets(desired: readonly NftSet[], observed: readonly NftSet[]): Difference[] {
  const names = [...new Set([...desired, ...observed].map((set) => set.name))];
  const elementsOf = (sets: readonly NftSet[], name: string): readonly string[] => sets.find((set) => set.name === name)?.elements ?? [];
  return names.flatMap((name) =>
    compareSets(SET_WORDS[name] ?? `set ${name}`, elementsOf(desired, name), elementsOf(observed, name), "only these addresses are meant"),
  );
}

function compareChains(desired: readonly NftChain[], observed: readonly NftChain[]): Difference[] {
  const foreign = observed.filter((chain) => desired.every((other) => other.name !== chain.name));
  const extra = foreign.map((chain) => ({
    field: `chain ${chain.name}`,
    from: describeChain(chain),
    to: "absent",
    reason: chain.rules.every((rule) => rule.id !== "") ? "no network needs it any more" : "it is not ours",
    needs: "change" as const,
  }));
  const ours = desired.flatMap((chain) => {
    const found = observed.find((candidate) => candidate.name === chain.name);
    if (found !== undefined && isSameChain(chain, found)) return [];
    const [from, to] = [found === undefined ? "absent" : describeChain(found), describeChain(chain)];
    const missing = chain.rules.filter((rule) => found?.rules.every((other) => other.id !== rule.id) ?? true);
    const reason = missing.length > 0 ? `rules not in force: ${missing.map((rule) => rule.text).join("; ")}` : "rules differ from ours";
    return [{ field: `chain ${chain.name}`, from, to, reason, needs: "change" as const }];
  });
  return [...ours, ...extra];
}

const isSameChain = (a: NftChain, b: NftChain): boolean =>
  a.type === b.type &&
  isSameHook(a, b) &&
  a.rules.length === b.rules.length &&
  a.rules.map(({ id }) => id).join() === b.rules.map(({ id }) => id).join();

/** "filter at forward -5, 3 rules, 1 of them not ours" */
function describeChain({ type, hook, priority, rules }: NftChain): string {
  const foreign = rules.filter((rule) => rule.id === "").length;
  const count = rules.length === 1 ? "1 rule" : `${rules.length} rules`;
  return `${type} at ${hook} ${priority}, ${count}${foreign === 0 ? "" : `, ${foreign} of them not ours`}`;
}
