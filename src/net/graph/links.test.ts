import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCycle, findParts } from "./graph.ts";
import { countLinks, resolveLinks } from "./links.ts";
import { hostNames } from "./links.fixture.ts";

const text = (links: readonly (readonly [string, string])[]): string => links.map((link) => link.join("-")).join(" ");

describe("resolveLinks", () => {
  const hosts = ["c", "a", "d", "b"];

  it.each([
    [{ shape: "mesh" }, "a-b a-c a-d b-c b-d c-d"],
    [{ shape: "ring" }, "a-c a-d b-c b-d"],
    [{ shape: "star", hub: "d" }, "a-d b-d c-d"],
    [{ shape: "star", hub: "z" }, ""],
    [
      {
        shape: "links",
        links: [
          ["b", "a"],
          ["a", "b"],
          ["a", "z"],
          ["c", "c"],
        ],
      },
      "a-b",
    ],
    [{ shape: "nearest", count: 2 }, "a-c a-d b-c b-d"],
    [{ shape: "nearest", count: 4 }, "a-b a-c a-d b-c b-d c-d"],
  ] as const)("%j: %s", (topology, expected) => {
    expect(text(resolveLinks(topology, hosts))).toBe(expected);
  });

  it.each([0, 1, 2])("of %i hosts makes no link twice and none to itself", (count) => {
    const shapes = [{ shape: "mesh" }, { shape: "ring" }, { shape: "star", hub: "h1" }, { shape: "nearest", count: 4 }] as const;
    for (const topology of shapes) expect(resolveLinks(topology, hostNames(count))).toHaveLength(count === 2 ? 1 : 0);
  });

  it("links everybody, as often as countLinks says, and nearest gives each host its number", () => {
    const shape = fc.oneof(
      fc.constant({ shape: "mesh" } as const),
      fc.constant({ shape: "ring" } as const),
      fc.constant({ shape: "star", hub: "h1" } as const),
      fc.integer({ min: 1, max: 20 }).map((half) => ({ shape: "nearest", count: 2 * half }) as const),
    );
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 40 }), (topology, count) => {
        const names = hostNames(count);
        const links = resolveLinks(topology, names);
        expect(links).toHaveLength(countLinks(topology, count));
        expect(findParts(names, links)).toHaveLength(1);
        if (topology.shape === "star") expect(hasCycle(names, links)).toBe(false);
        if (topology.shape !== "nearest") return;
        const expected = Math.min(topology.count, count - 1);
        for (const name of names) expect(links.filter((link) => link.includes(name))).toHaveLength(expected);
      }),
    );
  });

  it("moves links of neighbours only when a host joins a ring", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 30 }), (count) => {
        const before = resolveLinks({ shape: "ring" }, hostNames(count)).map((link) => link.join());
        const after = new Set(resolveLinks({ shape: "ring" }, hostNames(count + 1)).map((link) => link.join()));
        expect(before.filter((link) => !after.has(link))).toHaveLength(1);
      }),
    );
  });
});
