import { getDataplane, traitsOf } from "../../dataplanes/index.ts";
import type { CheckInput, Findings } from "../../dataplanes/dataplane.ts";
import type { Cluster, DataplaneSpec, Network } from "../../model/cluster.ts";
import type { Problem } from "../../model/problem.ts";
import { familyOf } from "../../net/prefix.ts";
import { compareNames } from "../../util/compare-names.ts";
import { writtenHosts } from "../written-hosts.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";

/** Each network against what its data plane can do, and what the plane itself finds wrong. */
export function checkDataplanes(cluster: Cluster, spec: SpecFile): Findings {
  // broken hosts count too: without them every topology would have holes that are not the mistake
  const hosts = [...writtenHosts(spec)].toSorted(compareNames);
  const parts = cluster.networks.map((network): Findings => {
    const problems = checkTraits(network, spec);
    const found = problems.length > 0 ? undefined : getDataplane(network.dataplane).check?.(toInput({ cluster, network, hosts }, spec));
    return { problems: [...problems, ...(found?.problems ?? [])], warnings: found?.warnings ?? [] };
  });
  return { problems: parts.flatMap((part) => part.problems), warnings: parts.flatMap((part) => part.warnings) };
}

function toInput(about: Pick<CheckInput<DataplaneSpec>, "cluster" | "network" | "hosts">, spec: SpecFile): CheckInput<DataplaneSpec> {
  const path = ["networks", about.network.name, "dataplane"];
  return {
    ...about,
    written: writtenDataplane(about.network.name, spec),
    fail: (field, problem) => problemAt(spec, [...path, ...field], { doing: "checking", ...problem }),
    locate: (place) => spec.locate(place),
  };
}

function writtenDataplane(network: string, spec: SpecFile): Readonly<Record<string, unknown>> {
  const { networks } = spec.value as { networks: Record<string, { dataplane: Record<string, unknown> | string } | undefined> };
  const written = networks[network]?.dataplane;
  return typeof written === "object" ? written : {};
}

function checkTraits({ name, subnet, addressing, dataplane }: Network, spec: SpecFile): Problem[] {
  const { addressing: modes, families } = traitsOf(dataplane);
  const problems: Problem[] = [];
  const about = { doing: "checking", kind: "unsupported" } as const;
  if (!modes.includes(addressing.mode)) {
    const why = `the data plane ${dataplane.type} does not carry ${addressing.mode} addressing`;
    problems.push(problemAt(spec, ["networks", name, "addressing", "mode"], { ...about, why, try: `write mode: ${modes[0]}` }));
  }
  const family = familyOf(subnet);
  if (!families.includes(family)) {
    const why = `the data plane ${dataplane.type} does not carry IPv${family}`;
    const advice = `use an IPv${families[0]} subnet, or another data plane`;
    problems.push(problemAt(spec, ["networks", name, "subnet"], { ...about, why, try: advice }));
  }
  return problems;
}
