import { SpanwireError } from "../model/problem.ts";
import { dataPort } from "./lab-names.ts";
import type { LabHost, LabState } from "./lab-state.ts";

/** Frames that the switch throws away at random between two hosts, both ways. */
export interface PairLoss {
  hosts: [string, string];
  percent: number;
}

/** Of so many frames: a hundredth of a percent is the finest. */
const OUT_OF = 10_000;
const NAME = /^loss_(\d+)_(\d+)$/;

/** Lines for `nft -f` in the switch's table: a chain a pair, so that one can be set and taken away without the others. */
export function lossLines(a: LabHost, b: LabHost, percent: number): string[] {
  const fail = (what: string, why: string, advice: string): never => {
    throw new SpanwireError({ kind: "input", doing: "losing frames", what, where: "", why, try: advice });
  };
  if (a.name === b.name)
    fail(`between ${a.name} and ${b.name}`, "that is one host", "name two different hosts, as in `spanwire lab loss h1 h2 5%`");
  if (!(percent >= 0 && percent <= 100)) fail(`${percent}%`, "it is not between 0% and 100%", "write something like 5%");
  const [one, two] = a.index < b.index ? [a, b] : [b, a];
  const chain = `bridge lab loss_${one.index}_${two.index}`;
  const remove = [`add chain ${chain}`, `flush chain ${chain}`, `delete chain ${chain}`];
  const share = Math.round((percent * OUT_OF) / 100);
  if (share === 0) return remove;
  const [from, to] = [dataPort(one.index), dataPort(two.index)];
  const between = `iifname . oifname { "${from}" . "${to}", "${to}" . "${from}" }`;
  return [
    ...remove,
    `add chain ${chain} { type filter hook forward priority 0; policy accept; }`,
    `add rule ${chain} ${between} numgen random mod ${OUT_OF} < ${share} counter drop`,
  ];
}

/** libnftables-json(5). */
export interface SwitchRule {
  rule?: { chain: string; expr: { match?: { left: object; right: unknown } }[] };
}

/** From `nft -j list table bridge lab`. */
export function readLosses(lab: Pick<LabState, "hosts">, listed: { nftables: readonly SwitchRule[] }): PairLoss[] {
  const nameOf = (index: string | undefined): string | undefined => lab.hosts.find((host) => host.index === Number(index))?.name;
  return listed.nftables.flatMap(({ rule }): PairLoss[] => {
    const [, one, two] = NAME.exec(rule?.chain ?? "") ?? [];
    const hosts = [nameOf(one), nameOf(two)];
    const share = rule?.expr.find(({ match }) => match !== undefined && "numgen" in match.left)?.match?.right;
    if (hosts[0] === undefined || hosts[1] === undefined || typeof share !== "number") return [];
    return [{ hosts: [hosts[0], hosts[1]], percent: (share * 100) / OUT_OF }];
  });
}
