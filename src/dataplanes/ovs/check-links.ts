import type { Problem } from "../../model/problem.ts";
import type { CheckInput } from "../dataplane.ts";
import { unknownHost } from "../unknown-host.ts";
import type { OvsSpec } from "./spec.ts";

/** Every host that a topology names exists, and every written link joins two hosts once. */
export function checkLinks({ network, hosts: names, written, fail, locate }: CheckInput<OvsSpec>): Problem[] {
  const hosts = new Set(names);
  const { topology, priorities } = network.dataplane;
  const problems = Object.keys(priorities)
    .filter((host) => !hosts.has(host))
    .map((host) => fail(["priorities", host], unknownHost(host, hosts, "its priority")));
  if (topology.shape === "star" && hosts.size > 0 && !hosts.has(topology.hub)) {
    problems.push(fail(["hub"], unknownHost(topology.hub, hosts, "hub")));
  }
  if (topology.shape !== "links") return problems;
  const seen = new Map<string, number>();
  const links = writtenLinks(written);
  for (const [i, link] of links.entries()) {
    const [a = "", b = ""] = link;
    const unknown = [...new Set([a, b])].filter((host) => !hosts.has(host));
    for (const host of unknown) problems.push(fail(["links", i, a === host ? 0 : 1], unknownHost(host, hosts, "the link")));
    if (a === b) problems.push(fail(["links", i], { why: `it links ${a} to itself`, try: "name two hosts, or remove the link" }));
    const key = JSON.stringify(link.toSorted());
    const first = seen.get(key);
    seen.set(key, first ?? i);
    if (first === undefined) continue;
    const line = locate(["networks", network.name, "dataplane", "links", first]).line;
    const turned = links[first]?.[0] === a ? "" : " the other way round; a link goes both ways";
    problems.push(fail(["links", i], { why: `${a} and ${b} are linked already in line ${line}${turned}`, try: "remove one of the two" }));
  }
  return problems;
}

/** As they stand in the file, in its order; they have passed the schema. */
function writtenLinks({ links }: Readonly<Record<string, unknown>>): readonly (readonly string[])[] {
  return Array.isArray(links) ? (links as string[][]) : [];
}
