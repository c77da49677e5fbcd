import { containsPrefix, familyOf, overlapsPrefix, prefixLength } from "../../net/prefix.ts";
import { findDockerPool, findDocumentation, findReserved, isPrivate, isShared } from "../../net/reserved.ts";
import type { Problem } from "../../model/problem.ts";
import type { Findings } from "../../dataplanes/dataplane.ts";
import type { Cluster, Network } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";

/** Wider than this is no private range any more: 10.0.0.0/8 and fc00::/7 are the widest. */
const WIDEST: Record<4 | 6, number> = { 4: 8, 6: 8 };

/** Each subnet: private, not reserved, apart from the other subnets and from the underlay. */
export function checkSubnets(cluster: Cluster, spec: SpecFile): Findings {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const [i, network] of cluster.networks.entries()) {
    const path = ["networks", network.name, "subnet"];
    const fault = findRangeFault(network.subnet);
    if (fault !== undefined) problems.push(problemAt(spec, path, { doing: "checking", ...fault }));
    for (const other of cluster.networks.slice(0, i)) {
      if (overlapsPrefix(network.subnet, other.subnet)) problems.push(overlap(network, other, spec));
    }
    const inside = cluster.hosts.filter((host) => containsPrefix(network.subnet, host.address));
    if (inside.length > 0) problems.push(underlayInside(network, inside, spec));
    if (fault === undefined)
      warnings.push(...rangeWarnings(network.subnet).map((warning) => problemAt(spec, path, { doing: "checking", ...warning })));
  }
  return { problems, warnings };
}

function findRangeFault(subnet: string): Pick<Problem, "kind" | "why" | "try"> | undefined {
  const family = familyOf(subnet);
  const length = prefixLength(subnet);
  const advice = `use a private range, like ${family === 4 ? "10.64.0.0/12" : "fd00:64::/48"}`;
  if (length < WIDEST[family]) return { kind: "input", why: `/${length} is wider than any private range`, try: advice };
  const reserved = findReserved(subnet) ?? findDocumentation(subnet);
  if (reserved !== undefined) {
    const how = containsPrefix(reserved.prefix, subnet) ? "lies in" : "contains";
    return { kind: "input", why: `${subnet} ${how} ${reserved.prefix}, ${reserved.name}`, try: advice };
  }
  if (isPrivate(subnet)) return undefined;
  return { kind: "refused", why: `${subnet} is a public range: its real owners would become unreachable from every member`, try: advice };
}

function rangeWarnings(subnet: string): Pick<Problem, "why" | "try">[] {
  const warnings: Pick<Problem, "why" | "try">[] = [];
  if (isShared(subnet)) {
    warnings.push({
      why: "100.64.0.0/10 is shared with providers (RFC 6598), and some VPNs and clouds use it",
      try: "make sure nothing on these hosts does, or use 10.0.0.0/8",
    });
  }
  const pool = findDockerPool(subnet);
  if (pool !== undefined) {
    const why = `${subnet} overlaps ${pool}, from which Docker takes subnets for new networks by itself`;
    warnings.push({
      why,
      try: 'use a subnet in 10.0.0.0/8, or set "default-address-pools" in /etc/docker/daemon.json to another range on every host',
    });
  }
  return warnings;
}

function overlap(network: Network, other: Network, spec: SpecFile): Problem {
  const line = spec.locate(["networks", other.name, "subnet"]).line;
  const shared = prefixLength(network.subnet) > prefixLength(other.subnet) ? network.subnet : other.subnet;
  const why = `${network.subnet} overlaps ${other.subnet} of ${other.name} (line ${line}) in ${shared}`;
  return problemAt(spec, ["networks", network.name, "subnet"], { doing: "checking", why, try: "give each network its own range" });
}

function underlayInside(network: Network, inside: Cluster["hosts"], spec: SpecFile): Problem {
  const [first] = inside;
  const more = inside.length > 1 ? ` (and of ${inside.length - 1} more)` : "";
  const why = `${network.subnet} contains ${first!.address}, the underlay address of ${first!.name}${more}: tunnels would lead into themselves`;
  return problemAt(spec, ["networks", network.name, "subnet"], {
    doing: "checking",
    why,
    try: "use a subnet apart from the hosts' own addresses",
  });
}
