import { expect, test } from "vitest";
import { sumFragmentRules } from "./host-operations.ts";

const rule = (comment: string, packets: number): unknown => ({
  rule: { family: "inet", table: "t", chain: "prerouting", handle: 4, comment, expr: [{ match: {} }, { counter: { packets, bytes: 99 } }] },
});

test("counters of the fragment rules are added up, others are not", () => {
  expect(sumFragmentRules(JSON.stringify({ nftables: [{ metainfo: {} }, rule("frag-1", 3), rule("frag-2", 4), rule("port-1", 50)] }))).toBe(7);
});

test("a table that counts no fragments measured nothing", () => {
  expect(sumFragmentRules(JSON.stringify({ nftables: [rule("port-1", 50)] }))).toBeNull();
});
