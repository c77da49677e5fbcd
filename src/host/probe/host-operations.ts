import { describeRun, run } from "../../util/run.ts";
import type { DefaultGatewayParams, DefaultGatewayResult, FragmentsParams, FragmentsResult } from "./protocol.ts";

interface NftRule {
  comment?: string;
  expr: readonly { counter?: { packets: number } }[];
}

/** Rules of our table whose comment starts so count fragments of tunnel packets. */
const FRAGMENT_RULE = "frag";

export async function countFragments({ table }: FragmentsParams): Promise<FragmentsResult> {
  const result = await run(["nft", "-j", "list", "table", "inet", table]);
  if (result.exitCode !== 0) return { packets: null };
  return { packets: sumFragmentRules(result.stdout) };
}

/** libnftables-json(5). Null when no rule counts fragments: "0" would claim a measurement. */
export function sumFragmentRules(json: string): number | null {
  const { nftables } = JSON.parse(json) as { nftables: readonly { rule?: NftRule }[] };
  const counters = nftables
    .flatMap(({ rule }) => (rule?.comment?.startsWith(FRAGMENT_RULE) === true ? rule.expr : []))
    .flatMap(({ counter }) => (counter === undefined ? [] : [counter.packets]));
  return counters.length === 0 ? null : counters.reduce((sum, packets) => sum + packets, 0);
}

export async function findDefaultGateway({ family }: DefaultGatewayParams): Promise<DefaultGatewayResult> {
  const result = await run(["ip", "-j", family === "ipv6" ? "-6" : "-4", "route", "show", "default"]);
  if (result.exitCode !== 0) throw new Error(describeRun(result));
  return { gateway: chooseGateway(result.stdout || "[]") };
}

/** The default route in use. A link-local gateway (RFC 4291, 2.5.6) is of no use to an endpoint on another link. */
export function chooseGateway(json: string): string | null {
  const routes = JSON.parse(json) as { gateway?: string; metric?: number }[];
  const [best] = routes.filter(({ gateway }) => gateway !== undefined).sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0));
  return best?.gateway === undefined || /^fe[89ab]/i.test(best.gateway) ? null : best.gateway;
}
