import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findParts, hasCycle } from "./graph.ts";
import { anyGraph } from "./links.fixture.ts";
import { resolveLinks } from "./links.ts";
import { expectSpanningTree, type BridgeId } from "./spanning-tree.ts";

const ids =
  (record: Readonly<Record<string, BridgeId>>) =>
  (host: string): BridgeId =>
    record[host]!;

describe("expectSpanningTree", () => {
  const hosts = ["a", "b", "c", "d"];
  const ring = resolveLinks({ shape: "ring" }, hosts);
  const even = { a: 32_768, b: 32_768, c: 32_768, d: 32_768 };
  const idsOf = (priorities: Readonly<Record<string, number>>) =>
    ids(Object.fromEntries(hosts.map((host, i) => [host, { priority: priorities[host]!, mac: `02:00:00:00:00:0${i + 1}` }])));

  it("of equal priorities takes the lowest MAC as root and blocks opposite to it", () => {
    // c is two links away by b and by d; b has the better id, so c blocks its port to d
    expect(expectSpanningTree(hosts, ring, idsOf(even))).toEqual({ root: "a", blocked: [{ link: ["c", "d"], at: "c" }] });
  });

  it("follows the priorities", () => {
    expect(expectSpanningTree(hosts, ring, idsOf({ ...even, c: 4096, d: 8192 }))).toEqual({
      root: "c",
      blocked: [{ link: ["a", "b"], at: "a" }],
    });
  });

  it("blocks nothing in a tree, and knows no root where there is no host", () => {
    const star = resolveLinks({ shape: "star", hub: "b" }, hosts);
    expect(expectSpanningTree(hosts, star, idsOf(even))).toEqual({ root: "a", blocked: [] });
    expect(expectSpanningTree([], [], idsOf(even))).toBeUndefined();
  });

  it("leaves a tree that reaches everybody, with the root at the best bridge and every block at one of its ends", () => {
    const priority = fc.constantFrom(0, 4096, 32_768);
    fc.assert(
      fc.property(anyGraph, fc.array(priority, { minLength: 9, maxLength: 9 }), (graph, priorities) => {
        const [part = []] = findParts(graph.hosts, graph.links);
        const links = graph.links.filter(([a]) => part.includes(a));
        const idOf = (host: string): BridgeId => ({ priority: priorities[Number(host.slice(1)) - 1]!, mac: `02:${host}` });
        const tree = expectSpanningTree(part, links, idOf)!;
        const left = links.filter((link) => tree.blocked.every((one) => one.link !== link));
        expect(findParts(part, left)).toHaveLength(1);
        expect(hasCycle(part, left)).toBe(false);
        for (const { link, at } of tree.blocked) expect(link).toContain(at);
        const best = part.toSorted((a, b) => idOf(a).priority - idOf(b).priority || (idOf(a).mac < idOf(b).mac ? -1 : 1))[0];
        expect(tree.root).toBe(best);
      }),
      { numRuns: 200 },
    );
  });
});
