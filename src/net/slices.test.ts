import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignSlices } from "./assign-slices.ts";
import { containsPrefix, overlapsPrefix, prefixLength, prefixSize, subprefix } from "./prefix.ts";
import { defaultSlicePrefix, findSliceMisfit, layoutSlice } from "./slices.ts";

describe("defaultSlicePrefix", () => {
  it.each([
    ["10.64.0.0/12", 3, 20],
    ["10.80.0.0/16", 3, 24],
    ["10.0.0.0/8", 10_000, 23],
    ["192.168.4.0/22", 3, 28],
    ["10.0.0.0/24", 16, 28],
    ["10.0.0.0/17", 3, 23],
    ["fd00::/48", 3, 64],
    ["fd00::/64", 10_000, 80],
    ["fd00::/104", 3, 112],
    ["fd00::/112", 3, 115],
  ])("%s for %i hosts: /%i", (subnet, hosts, expected) => {
    expect(defaultSlicePrefix(subnet, hosts)).toBe(expected);
  });

  it("says the arithmetic when hosts do not fit", () => {
    expect(defaultSlicePrefix("10.0.0.0/24", 17)).toMatchObject({
      kind: "input",
      why: "/24 into /28 slices gives 2^(28 - 24) = 16, and there are 17 hosts",
      try: "use a subnet of /23 or wider",
    });
    expect(defaultSlicePrefix("10.0.0.0/29", 1)).toMatchObject({
      why: "/29 holds 8 addresses, and one host's slice needs at least 16 (/28)",
    });
  });

  it("gives a prefix that fits, whenever it gives one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 30 }), fc.integer({ min: 1, max: 10_000 }), (length, hosts) => {
        const chosen = defaultSlicePrefix(`10.0.0.0/${length}`, hosts);
        const possible = length <= 28 && 2 ** (28 - length) >= hosts;
        expect(typeof chosen === "number").toBe(possible);
        if (typeof chosen === "number") expect(findSliceMisfit(`10.0.0.0/${length}`, chosen, hosts)).toBeUndefined();
      }),
    );
  });
});

describe("layoutSlice", () => {
  it("keeps the parts of a slice apart", () => {
    expect(layoutSlice("10.64.16.0/20")).toEqual({
      unused: "10.64.16.0",
      gateway: "10.64.16.1",
      probe: "10.64.16.2",
      staticRange: { first: "10.64.16.3", last: "10.64.23.255" },
      dockerRange: "10.64.24.0/21",
    });
    expect(layoutSlice("fd00:0:0:1::/64")).toMatchObject({ gateway: "fd00:0:0:1::1", dockerRange: "fd00:0:0:1:8000::/65" });
    expect(layoutSlice("10.0.0.16/28")).toMatchObject({
      staticRange: { first: "10.0.0.19", last: "10.0.0.23" },
      dockerRange: "10.0.0.24/29",
    });
  });
});

describe("assignSlices", () => {
  const assign = (
    hosts: Record<string, number>,
    given: { pins?: Record<string, string>; existing?: Record<string, string>; subnet?: string; slicePrefix?: number } = {},
  ) => {
    const slices = assignSlices({
      subnet: given.subnet ?? "10.64.0.0/12",
      slicePrefix: given.slicePrefix ?? 20,
      hosts: Object.entries(hosts).map(([name, index]) => ({ name, index })),
      pins: given.pins ?? {},
      existing: given.existing ?? {},
    });
    return "why" in slices ? slices.why : Object.fromEntries(slices);
  };

  it("takes the host's index as the slice's number", () => {
    expect(assign({ vm1: 1, vm3: 3 })).toEqual({ vm1: "10.64.16.0/20", vm3: "10.64.48.0/20" });
  });

  it("gives pins and locked slices first, and steps around them", () => {
    const slices = assign({ vm1: 1, vm2: 2, vm3: 3 }, { pins: { vm3: "10.64.16.0/20" }, existing: { vm2: "10.64.64.0/18" } });
    expect(slices).toEqual({ vm3: "10.64.16.0/20", vm2: "10.64.64.0/18", vm1: "10.64.32.0/20" });
  });

  it("takes slice 0 only when nothing else is left, and then says the subnet is full", () => {
    const four = { subnet: "10.0.0.0/26", slicePrefix: 28 };
    expect(assign({ a: 1, b: 2, c: 9, d: 4 }, four)).toEqual({ a: "10.0.0.16/28", b: "10.0.0.32/28", c: "10.0.0.48/28", d: "10.0.0.0/28" });
    expect(assign({ a: 1, b: 2, c: 3, d: 4, e: 5 }, four)).toBe("every /28 slice of 10.0.0.0/26 is pinned, locked or taken");
  });

  it("never overlaps, never moves what is locked, never leaves the subnet", () => {
    const subnet = "10.64.0.0/20";
    const odd = fc
      .record({ length: fc.integer({ min: 22, max: 27 }), seed: fc.nat(1000) })
      .map(({ length, seed }) => subprefix(subnet, length, seed % 2 ** (length - 20)));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }),
        fc.array(odd, { maxLength: 5 }),
        (indexes, prefixes) => {
          const apart = prefixes.filter((prefix, i) => !prefixes.slice(0, i).some((other) => overlapsPrefix(prefix, other)));
          const existing = Object.fromEntries(apart.map((prefix, i) => [`locked${i}`, prefix]));
          const hosts = indexes.map((index) => ({ name: `h${index}`, index }));
          const slices = assignSlices({ subnet, slicePrefix: 24, hosts, pins: {}, existing });
          if ("why" in slices) {
            const blocked = new Set(
              Array.from({ length: 16 }, (_, i) => i).filter((i) =>
                apart.some((prefix) => overlapsPrefix(prefix, subprefix(subnet, 24, i))),
              ),
            );
            expect(hosts.length).toBeGreaterThan(16 - blocked.size);
            return;
          }
          const all = [...apart, ...slices.values()];
          expect(slices.size).toBe(hosts.length);
          for (const [i, a] of all.entries()) {
            expect(containsPrefix(subnet, a)).toBe(true);
            expect(all.slice(i + 1).filter((b) => overlapsPrefix(a, b))).toEqual([]);
          }
          for (const slice of slices.values()) expect([prefixLength(slice), prefixSize(slice)]).toEqual([24, 256n]);
        },
      ),
    );
  });
});
