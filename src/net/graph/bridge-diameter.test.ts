import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyGraph, hostNames } from "./links.fixture.ts";
import { resolveLinks, type Link } from "./links.ts";
import { findBridgeDiameter } from "./bridge-diameter.ts";

/** The longest of the shortest ways, with Floyd's and Warshall's three loops; hosts that are parted have none. */
function rowOf(hosts: readonly string[], links: readonly Link[]): number {
  const hops = hosts.map((from) =>
    hosts.map((to) => (from === to ? 0 : links.some((link) => link.includes(from) && link.includes(to)) ? 1 : Infinity)),
  );
  for (const via of hosts.keys())
    for (const from of hosts.keys())
      for (const to of hosts.keys()) hops[from]![to] = Math.min(hops[from]![to]!, hops[from]![via]! + hops[via]![to]!);
  return 1 + Math.max(...hops.flat().filter(Number.isFinite));
}

const loop = (count: number): Link[] => resolveLinks({ shape: "ring" }, hostNames(count));

describe("the longest row", () => {
  it("is what trying every link finds", () => {
    fc.assert(
      fc.property(anyGraph, ({ hosts, links }) => {
        const { length, without } = findBridgeDiameter(hosts, links);
        const rows = links.map((cut) =>
          rowOf(
            hosts,
            links.filter((link) => link !== cut),
          ),
        );
        expect(length).toBe(Math.max(rowOf(hosts, links), ...rows));
        if (without === undefined) expect(length).toBe(rowOf(hosts, links));
        else expect(rows[links.indexOf(without)]).toBe(length);
      }),
    );
    expect(findBridgeDiameter([], [])).toEqual({ length: 0 });
    expect(findBridgeDiameter(["a"], [])).toEqual({ length: 1 });
  });

  it("in a loop is all of it, with a tail the tail too", () => {
    expect(findBridgeDiameter(hostNames(21), loop(21))).toEqual({ length: 21, without: ["h1", "h2"] });
    expect(findBridgeDiameter(hostNames(26), [...loop(25), ["h1", "h26"]])).toMatchObject({ length: 26 });
    expect(findBridgeDiameter(hostNames(26), [...loop(25), ["h1", "h26"]], 13)).toEqual({ length: 14 });
  });

  it("goes one step further where the only shortest way is cut", () => {
    // half the loop, two hosts at a time: 19 steps, and 20 around a lost one
    const hosts = hostNames(77);
    const links = resolveLinks({ shape: "nearest", count: 4 }, hosts);
    expect(findBridgeDiameter(hosts, links, 20)).toEqual({ length: 21, without: ["h1", "h3"] });
  });

  it("of too many hosts to try everything, never is one that is not there", () => {
    const hosts = hostNames(900);
    expect(findBridgeDiameter(hosts, [...loop(899), ["h1", "h900"]])).toMatchObject({ length: 900 });
    expect(findBridgeDiameter(hosts, resolveLinks({ shape: "nearest", count: 60 }, hosts))).toEqual({ length: 16 });
    const row = hostNames(10_000);
    expect(
      findBridgeDiameter(
        row,
        row.slice(1).map((host, i): Link => [row[i]!, host]),
      ),
    ).toEqual({ length: 10_000 });
  });
});
