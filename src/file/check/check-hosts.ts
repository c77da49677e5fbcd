import { familyOf } from "../../net/prefix.ts";
import { findReserved } from "../../net/reserved.ts";
import type { Problem } from "../../model/problem.ts";
import type { Findings } from "../../dataplanes/dataplane.ts";
import type { Cluster } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";

/** Underlay addresses: usable, one each, one family. */
export function checkHosts(cluster: Cluster, spec: SpecFile): Findings {
  const problems: Problem[] = [];
  const owners = new Map<string, string>();
  const targets = new Map<string, string>();
  const first = cluster.hosts[0];
  for (const host of cluster.hosts) {
    const path = ["hosts", host.name, "address"];
    const reserved = findReserved(host.address);
    if (reserved !== undefined) {
      problems.push(
        problemAt(spec, path, {
          why: `${host.address} is ${reserved.name}, no address of a host`,
          try: "write the address the other hosts reach it by",
        }),
      );
    }
    const owner = owners.get(host.address);
    if (owner !== undefined) {
      const line = spec.locate(["hosts", owner, "address"]).line;
      problems.push(
        problemAt(spec, path, {
          why: `${host.address} is also the address of ${owner} in line ${line}`,
          try: "give each host its own address",
        }),
      );
    }
    owners.set(host.address, owner ?? host.name);
    const twin = targets.get(host.ssh);
    targets.set(host.ssh, twin ?? host.name);
    if (twin !== undefined && owner === undefined) {
      const line = spec.locate(["hosts", twin, "ssh"]).line;
      problems.push(
        problemAt(spec, ["hosts", host.name, "ssh"], {
          why: `${host.ssh} is also where ${twin} is reached (line ${line}): both would be one machine`,
          try: "give each host its own ssh target",
        }),
      );
    }
    if (first !== undefined && familyOf(host.address) !== familyOf(first.address)) {
      const why = `${host.address} is IPv${familyOf(host.address)}, and ${first.name} has IPv${familyOf(first.address)} (${first.address})`;
      problems.push(problemAt(spec, path, { why, try: "use addresses of one family for all hosts" }));
    }
  }
  const hosts = (spec.value as Record<string, unknown>)["hosts"];
  if (typeof hosts === "object" && hosts !== null && Object.keys(hosts).length === 0) {
    problems.push(problemAt(spec, ["hosts"], { why: "there are no hosts", try: "add vm1: { address: 192.168.122.81 }" }));
  }
  return { problems, warnings: [] };
}
