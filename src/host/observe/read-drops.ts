import { readJson } from "./read-json.ts";

/** A rule that has thrown packets away. */
export interface DropRule {
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

const REFUSES = new Set(["drop", "reject"]);
const OUR_PREFIX = "spanwire_";

/** Every rule that refuses and counts, whoever wrote it, except ours: iptables-nft's are among them, and always count. */
export async function readDrops(): Promise<DropRule[]> {
  const { nftables } = await readJson<{ nftables: readonly NftObject[] }>(["nft", "-j", "list", "ruleset"]);
  return nftables.flatMap(({ rule }) => {
    if (rule === undefined || rule.table.startsWith(OUR_PREFIX)) return [];
    const counter = rule.expr.find((part) => part["counter"] !== undefined)?.["counter"] as { packets?: number } | null | undefined;
    if (typeof counter?.packets !== "number" || !rule.expr.some(refuses)) return [];
    return [{ chain: `${rule.family} ${rule.table} ${rule.chain}`, handle: rule.handle, packets: counter.packets }];
  });
}

/** A verdict of nft's own, or the REJECT target of iptables. */
function refuses(part: Readonly<Record<string, unknown>>): boolean {
  const target = part["xt"] as { name?: string } | null | undefined;
  return Object.keys(part).some((key) => REFUSES.has(key)) || target?.name === "REJECT" || target?.name === "DROP";
}
