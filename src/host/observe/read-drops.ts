import { readJson } from "./read-json.ts";

/** A rule that throws packets away, or gives them another source. */
export interface DropRule {
  does: "refuses" | "rewrites";
  /** "ip filter DOCKER-USER" */
  chain: string;
  /** As `nft -a list ruleset` names it. */
  handle: number;
  packets: number;
}

/** libnftables-json(5): the parts we read. */
interface NftObject {
  rule?: { family: string; table: string; chain: string; handle: number; expr: readonly Readonly<Record<string, unknown>>[] };
}

interface Ruleset {
  nftables: readonly NftObject[];
}

/** Verdicts and statements of nft's own, and targets of iptables. */
const DOES = { refuses: new Set(["drop", "reject", "DROP", "REJECT"]), rewrites: new Set(["masquerade", "snat", "MASQUERADE", "SNAT"]) };
const OUR_PREFIX = "spanwire_";

/** Every rule that does either and counts, whoever wrote it, except ours: iptables-nft's are among them, and always count. */
export async function readDrops(): Promise<DropRule[]> {
  return findDrops(await readJson<Ruleset>(["nft", "-j", "list", "ruleset"]));
}

export function findDrops({ nftables }: Ruleset): DropRule[] {
  return nftables.flatMap(({ rule }) => {
    if (rule === undefined || rule.table.startsWith(OUR_PREFIX)) return [];
    const counter = rule.expr.find((part) => part["counter"] !== undefined)?.["counter"] as { packets?: number } | null | undefined;
    const does = (["refuses", "rewrites"] as const).find((act) => rule.expr.some((part) => isOne(part, DOES[act])));
    if (typeof counter?.packets !== "number" || does === undefined) return [];
    return [{ does, chain: `${rule.family} ${rule.table} ${rule.chain}`, handle: rule.handle, packets: counter.packets }];
  });
}

function isOne(part: Readonly<Record<string, unknown>>, words: ReadonlySet<string>): boolean {
  const target = part["xt"] as { name?: string } | null | undefined;
  return Object.keys(part).some((key) => words.has(key)) || words.has(target?.name ?? "");
}
