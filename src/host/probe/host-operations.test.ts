import { expect, test } from "vitest";
import { chooseGateway, sumFragmentRules } from "./host-operations.ts";

const rule = (comment: string, packets: number): unknown => ({
  rule: { family: "inet", table: "t", chain: "prerouting", handle: 4, comment, expr: [{ match: {} }, { counter: { packets, bytes: 99 } }] },
});

test("counters of the fragment rules are added up, others are not", () => {
  expect(sumFragmentRules(JSON.stringify({ nftables: [{ metainfo: {} }, rule("frag-1", 3), rule("frag-2", 4), rule("port-1", 50)] }))).toBe(
    7,
  );
});

test("a table that counts no fragments measured nothing", () => {
  expect(sumFragmentRules(JSON.stringify({ nftables: [rule("port-1", 50)] }))).toBeNull();
});

test("the outside is the default gateway of the best metric, if an endpoint could reach it", () => {
  expect(chooseGateway('[{"gateway":"10.0.0.9","metric":600},{"gateway":"10.0.0.1","metric":100}]')).toBe("10.0.0.1");
  expect(chooseGateway('[{"dev":"ppp0"}]')).toBeNull();
  expect(chooseGateway('[{"gateway":"fe80::1","dev":"eth0"}]')).toBeNull();
  expect(chooseGateway("[]")).toBeNull();
});
