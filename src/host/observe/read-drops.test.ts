import { expect, test } from "vitest";
import { findDrops } from "./read-drops.ts";

const counter = (packets: number) => ({ counter: { packets, bytes: 0 } });
const rule = (handle: number, table: string, ...expr: Record<string, unknown>[]) => ({
  rule: { family: "ip", table, chain: "FORWARD", handle, expr },
});

test("rules that refuse or rewrite and count, in nft's own words and in iptables'; not ours, not those that do neither or do not count", () => {
  const nftables = [
    rule(1, "filter", counter(3), { drop: null }),
    rule(2, "filter", counter(4), { xt: { type: "target", name: "REJECT" } }),
    rule(3, "nat", counter(5), { masquerade: null }),
    rule(4, "nat", counter(6), { xt: { type: "target", name: "SNAT" } }),
    rule(5, "spanwire_1", counter(7), { drop: null }),
    rule(6, "filter", { drop: null }),
    rule(7, "filter", counter(8), { accept: null }),
    rule(8, "filter", { counter: null }, { drop: null }),
    {},
  ];
  expect(findDrops({ nftables }).map(({ does, handle, packets }) => [does, handle, packets])).toEqual([
    ["refuses", 1, 3],
    ["refuses", 2, 4],
    ["rewrites", 3, 5],
    ["rewrites", 4, 6],
  ]);
});
