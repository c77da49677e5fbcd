import { assignSlices } from "../../net/assign-slices.ts";
import { usesOverlay } from "../../dataplanes/index.ts";
import { countKeptSlices, overlayOf } from "../../net/overlay.ts";
import { findOverlaps, type OwnedPrefix } from "../../net/find-overlaps.ts";
import { containsPrefix, prefixLength } from "../../net/prefix.ts";
import { defaultSlicePrefix, findSliceMisfit, longestSlicePrefix } from "../../net/slices.ts";
import type { Problem } from "../../model/problem.ts";
import type { Findings } from "../../dataplanes/dataplane.ts";
import { checkOverlay } from "./check-overlay.ts";
import type { Cluster, Network } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";
import { unknownHost } from "../../dataplanes/unknown-host.ts";
import { writtenHosts } from "../written-hosts.ts";

/** Slices fit into their subnet, and pins are slices of it. */
export function checkSlices(cluster: Cluster, spec: SpecFile): Findings {
  return { problems: cluster.networks.flatMap((network) => checkNetwork(network, cluster, spec)), warnings: [] };
}

function checkNetwork(network: Network, cluster: Cluster, spec: SpecFile): Problem[] {
  const problems = [...checkPins(network, spec), ...checkOverlay(network, cluster.hosts.length, spec)];
  const { slicePrefix, pins } = network.addressing;
  const hostCount = cluster.hosts.length;
  const keptCount = usesOverlay(network) ? countKeptSlices(network.addressing) : 0;
  const path = ["networks", network.name, ...(slicePrefix === undefined ? ["subnet"] : ["addressing", "slicePrefix"])];
  const chosen = slicePrefix ?? defaultSlicePrefix(network.subnet, hostCount, keptCount);
  const misfit = typeof chosen === "number" ? findSliceMisfit(network.subnet, chosen, hostCount, keptCount) : chosen;
  if (misfit !== undefined) problems.push(problemAt(spec, path, { doing: "checking", why: misfit.why, try: misfit.try }));
  if (problems.length > 0 || typeof chosen !== "number") return problems;
  const overlay = usesOverlay(network) ? overlayOf(network, { slicePrefix: chosen, hostCount }) : undefined;
  // Pins may be so large or so placed that too little is left for the others.
  const hosts = cluster.hosts.map((host, i) => ({ name: host.name, index: i + 1 }));
  const slices = assignSlices({ subnet: network.subnet, slicePrefix: chosen, hosts, pins, existing: {}, overlay });
  if ("why" in slices)
    problems.push(problemAt(spec, path, { doing: "checking", why: `${slices.why}; none is left for ${slices.what}`, try: slices.try }));
  return problems;
}

function checkPins(network: Network, spec: SpecFile): Problem[] {
  const hosts = writtenHosts(spec);
  const problems: Problem[] = [];
  const inside: OwnedPrefix[] = [];
  for (const [host, pin] of Object.entries(network.addressing.pins)) {
    const fault = findPinFault(network, pin, host, hosts);
    if (fault === undefined) inside.push({ owner: host, prefix: pin });
    else problems.push(pinProblem(network, host, fault, spec));
  }
  for (const pair of findOverlaps(inside)) {
    const line = spec.locate(pinPath(network, pair.wider.owner)).line;
    const why = `${pair.inside.prefix} overlaps ${pair.wider.prefix}, the pin of ${pair.wider.owner} (line ${line})`;
    problems.push(pinProblem(network, pair.inside.owner, { why, try: "pin slices that are apart" }, spec));
  }
  return problems;
}

function pinPath(network: Network, host: string): string[] {
  return ["networks", network.name, "addressing", "hosts", host];
}

function pinProblem(network: Network, host: string, fault: Pick<Problem, "why" | "try">, spec: SpecFile): Problem {
  return problemAt(spec, pinPath(network, host), { doing: "checking", ...fault });
}

function findPinFault(network: Network, pin: string, host: string, hosts: ReadonlySet<string>): Pick<Problem, "why" | "try"> | undefined {
  if (!hosts.has(host)) return unknownHost(host, hosts, "the pin");
  if (!containsPrefix(network.subnet, pin))
    return { why: `${pin} is not inside ${network.subnet}`, try: "pin a slice of the network's own subnet" };
  const longest = longestSlicePrefix(network.subnet);
  return prefixLength(pin) <= longest
    ? undefined
    : { why: `/${prefixLength(pin)} is too small for a slice`, try: `pin a /${longest} or wider` };
}
