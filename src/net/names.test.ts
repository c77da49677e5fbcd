import { expect, it } from "vitest";
import { findOverlaps } from "./find-overlaps.ts";
import { deriveMac } from "./mac.ts";
import { linkName } from "./names.ts";

it("makes link names the kernel takes, the same ones every time", () => {
  expect(linkName("b", "uuid", "apps")).toMatch(/^spwb[a-z2-7]{10}$/);
  expect(linkName("b", "uuid", "apps")).toBe(linkName("b", "uuid", "apps"));
  // Pinned: a change of the function would rename every link on every host.
  expect(linkName("b", "uuid", "apps")).toMatchInlineSnapshot(`"spwb7e6rqvg5bz"`);
  expect(linkName("b", "a", "bc")).not.toBe(linkName("b", "ab", "c"));
});

it("gives 100,000 names without a collision", () => {
  const names = new Set<string>();
  for (let i = 0; i < 100_000; i++) names.add(linkName("x", "7a0d6c8e", `network${i % 64}`, `host${i}`));
  expect(names.size).toBe(100_000);
});

it("derives locally administered unicast MACs", () => {
  const macs = Array.from({ length: 1000 }, (_, i) => deriveMac("uuid", `vm${i}`));
  expect(macs.filter((mac) => !/^02(:[0-9a-f]{2}){5}$/.test(mac))).toEqual([]);
  expect(new Set(macs).size).toBe(1000);
  expect(deriveMac("uuid", "vm1")).toMatchInlineSnapshot(`"02:a4:fb:c9:33:bd"`);
});

it("finds every prefix that overlaps a wider or equal one", () => {
  const list = ["10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/24", "10.2.0.0/16", "fd00::/64", "fd00::/80", "192.168.0.0/24", "172.16.0.0/12"];
  const pairs = findOverlaps(list.map((prefix, i) => ({ owner: String(i), prefix })));
  expect(pairs.map(({ wider, inside }) => `${inside.owner} in ${wider.owner}`)).toEqual(["1 in 0", "3 in 0", "6 in 2", "5 in 4"]);
});
