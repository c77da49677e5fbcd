import type { Measurements } from "../measure/measurements.ts";
import type { VerifyTarget } from "../measure/target.ts";
import { compareNames } from "../../util/compare-names.ts";
import type { Explanation, Finding, Subject } from "./findings.ts";

/** Members see each other's real addresses: a packet arrives with the source it was sent with. */
export function judgeSources(target: VerifyTarget, seen: Measurements): Finding[] {
  // as they arrived: in no order
  const inOrder = seen.sources.toSorted((a, b) => compareNames(a.from, b.from) || compareNames(a.to, b.to));
  return inOrder.flatMap(({ network: name, from, to, source }): Finding[] => {
    const network = target.networks.find((candidate) => candidate.name === name);
    const sent = network?.hosts.find(({ host }) => host === from)?.probe.split("/")[0];
    if (network === undefined || sent === undefined || source === "" || sent === source) return [];
    const { subnet } = network;
    const family = subnet.includes(":") ? "ip6tables" : "iptables";
    const explain = ({ places, networkNames }: Subject): Explanation => ({
      doing: "looking at the source address of packets,",
      what: `${places} on network ${networkNames}`,
      why: `what ${sent} on ${from} sends arrives at ${to} as ${source}: a NAT rule changes it on the way`,
      try: `find the rule on ${from} and ${to} with \`${family} -t nat -S POSTROUTING\` and \`nft list ruleset\`, and except the network before it: \`${family} -t nat -I POSTROUTING -s ${subnet} -d ${subnet} -j RETURN\``,
    });
    return [{ check: "source", cause: "", network: name, from, to, explain }];
  });
}

/** Pairs that answer and whose packets' sources nobody saw. */
export function findUnseenSources(seen: Measurements): string[] {
  const key = ({ network, from, to }: { network: string; from: string; to: string }): string => JSON.stringify([network, from, to]);
  const answering = new Set(seen.pairs.filter(({ received }) => received > 0).map(key));
  return seen.sources.flatMap((row) =>
    row.source === "" && answering.has(key(row))
      ? [`source address ${row.from} -> ${row.to} in ${row.network}: none of the packets that show it arrived (UDP filtered?)`]
      : [],
  );
}
