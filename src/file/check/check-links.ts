import type { Problem } from "../../model/problem.ts";
import type { Network, OvsDataplane } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";
import { writtenLinks } from "../written-dataplane.ts";
import { unknownHost } from "../written-hosts.ts";

/** Every host that a topology names exists, and every written link joins two hosts once. */
export function checkLinks(network: Network, dataplane: OvsDataplane, hosts: ReadonlySet<string>, spec: SpecFile): Problem[] {
  const path = ["networks", network.name, "dataplane"];
  const fail = (field: PropertyKey[], about: Pick<Problem, "why" | "try">): Problem =>
    problemAt(spec, [...path, ...field], { doing: "checking", ...about });
  const { topology, priorities } = dataplane;
  const problems = Object.keys(priorities)
    .filter((host) => !hosts.has(host))
    .map((host) => fail(["priorities", host], unknownHost(host, hosts, "its priority")));
  if (topology.shape === "star" && hosts.size > 0 && !hosts.has(topology.hub)) {
    problems.push(fail(["hub"], unknownHost(topology.hub, hosts, "hub")));
  }
  if (topology.shape !== "links") return problems;
  const seen = new Map<string, number>();
  const links = writtenLinks(network.name, spec);
  for (const [i, link] of links.entries()) {
    const [a = "", b = ""] = link;
    const unknown = [...new Set([a, b])].filter((host) => !hosts.has(host));
    for (const host of unknown) problems.push(fail(["links", i, a === host ? 0 : 1], unknownHost(host, hosts, "the link")));
    if (a === b) problems.push(fail(["links", i], { why: `it links ${a} to itself`, try: "name two hosts, or remove the link" }));
    const key = JSON.stringify(link.toSorted());
    const first = seen.get(key);
    seen.set(key, first ?? i);
    if (first === undefined) continue;
    const line = spec.locate([...path, "links", first]).line;
    const turned = links[first]?.[0] === a ? "" : " the other way round; a link goes both ways";
    problems.push(fail(["links", i], { why: `${a} and ${b} are linked already in line ${line}${turned}`, try: "remove one of the two" }));
  }
  return problems;
}
