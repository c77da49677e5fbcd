import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findClosingLink, findParts, findSinglePoints, hasCycle, neighboursByHost } from "./graph.ts";
import { anyGraph, hostNames } from "./links.fixture.ts";
import type { Link } from "./links.ts";

/** Hops between two hosts by trying every way, for graphs of a few hosts. */
function hopsBetween(from: string, to: string, links: readonly Link[], visited: readonly string[] = []): number {
  if (from === to) return 0;
  const others = links.flatMap(([a, b]) => (a === from ? [b] : b === from ? [a] : []));
  const ways = others.filter((other) => !visited.includes(other)).map((other) => 1 + hopsBetween(other, to, links, [...visited, from]));
  return Math.min(Infinity, ...ways);
}

const chain = (count: number): Link[] => {
  const hosts = hostNames(count);
  return hosts.slice(1).map((host, i): Link => [hosts[i]!, host]);
};

describe("graphs of hosts", () => {
  it("knows parts, loops and single points of known ones", () => {
    const hosts = ["a", "b", "c", "d", "e"];
    const links: Link[] = [
      ["a", "b"],
      ["b", "c"],
      ["c", "a"],
      ["c", "d"],
    ];
    expect(findParts(hosts, links)).toEqual([["a", "b", "c", "d"], ["e"]]);
    expect(findClosingLink(hosts, links)).toEqual(["c", "a"]);
    expect(findSinglePoints(hosts, links)).toEqual(["c"]);
    expect(neighboursByHost(hosts, links).get("c")).toEqual(["b", "a", "d"]);
    expect(findSinglePoints(["a", "b"], [["a", "b"]])).toEqual([]);
  });

  it("parts are all hosts, each once, and exactly those that a way joins", () => {
    fc.assert(
      fc.property(anyGraph, ({ hosts, links }) => {
        const parts = findParts(hosts, links);
        expect(parts.flat().toSorted()).toEqual(hosts.toSorted());
        const together = new Set(parts.flatMap((part) => part.flatMap((a) => part.map((b) => `${a} ${b}`))));
        for (const [a, b] of links) expect(together.has(`${a} ${b}`)).toBe(true);
        const few = links.slice(0, 8);
        for (const part of findParts(hosts, few)) {
          for (const host of part) expect(hopsBetween(part[0]!, host, few)).toBeLessThan(Infinity);
        }
      }),
    );
  });

  it("a loop is what one link more than a forest has makes", () => {
    fc.assert(
      fc.property(anyGraph, ({ hosts, links }) => {
        expect(hasCycle(hosts, links)).toBe(links.length > hosts.length - findParts(hosts, links).length);
        const closing = findClosingLink(hosts, links);
        if (closing === undefined) return;
        const before = links.slice(0, links.indexOf(closing));
        expect(hasCycle(hosts, before)).toBe(false);
        expect(hasCycle(hosts, [...before, closing])).toBe(true);
      }),
    );
  });

  it("single points are those whose loss parts others, tried one by one", () => {
    fc.assert(
      fc.property(anyGraph, ({ hosts, links }) => {
        const whole = findParts(hosts, links).length;
        const tried = hosts.filter((host) => {
          const left = links.filter((link) => !link.includes(host));
          return (
            findParts(
              hosts.filter((other) => other !== host),
              left,
            ).length > whole
          );
        });
        expect(findSinglePoints(hosts, links)).toEqual(tried);
      }),
      { numRuns: 300 },
    );
  });

  it("takes ten thousand hosts in a row", () => {
    const hosts = hostNames(10_000);
    const links = chain(10_000);
    expect(hasCycle(hosts, links)).toBe(false);
    expect(findSinglePoints(hosts, links)).toHaveLength(9998);
  });
});
