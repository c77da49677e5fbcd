import { findReserved } from "../../net/reserved.ts";
import { containsPrefix, familyOf } from "../../net/prefix.ts";
import { describeTunnel, encapOverheadBytes, leastMtuBytes, MOST_MTU_BYTES } from "../../net/mtu.ts";
import { getAttachment } from "../../attach/index.ts";
import type { AttachCheckInput } from "../../attach/attachment.ts";
import { tunnelOf } from "../../dataplanes/index.ts";
import type { Problem } from "../../model/problem.ts";
import type { Findings } from "../../dataplanes/dataplane.ts";
import type { Cluster, Network } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";

/** Per network and between networks: Docker names, MTU, egress. */
export function checkNetworks(cluster: Cluster, spec: SpecFile): Findings {
  const problems: Problem[] = [];
  for (const [place, network] of cluster.networks.entries()) {
    problems.push(
      ...checkAttach(network, cluster.networks.slice(0, place), spec),
      ...checkMtu(network, cluster, spec),
      ...checkEgress(network, cluster, spec),
    );
  }
  const written = (spec.value as Record<string, unknown>)["networks"];
  if (typeof written === "object" && written !== null && Object.keys(written).length === 0) {
    problems.push(problemAt(spec, ["networks"], { why: "there are no networks", try: "add apps: { subnet: 10.64.0.0/12 }" }));
  }
  return { problems, warnings: [] };
}

function checkAttach(network: Network, earlier: readonly Network[], spec: SpecFile): Problem[] {
  const path = ["networks", network.name, "docker"];
  const fail: AttachCheckInput["fail"] = (field, about) => problemAt(spec, [...path, ...field], { doing: "checking", ...about });
  return getAttachment(network.attach).check?.({ network, earlier, fail, locate: (place) => spec.locate(place) }) ?? [];
}

/** The underlay's MTU is not known yet; what no underlay can carry is wrong already. */
function checkMtu(network: Network, cluster: Cluster, spec: SpecFile): Problem[] {
  const { bytes } = network.mtu;
  if (bytes === undefined) return [];
  const path = ["networks", network.name, "mtu"];
  const least = leastMtuBytes(familyOf(network.subnet));
  if (bytes < least) {
    const why = `${bytes} is less than ${least}, the least IPv6 needs (RFC 8200, section 5)`;
    return [problemAt(spec, path, { doing: "checking", why, try: `write ${least} or more` })];
  }
  const underlayFamily = familyOf(cluster.hosts[0]?.address ?? "");
  const tunnel = tunnelOf(network);
  const overhead = encapOverheadBytes(tunnel, underlayFamily);
  const most = MOST_MTU_BYTES - overhead;
  if (bytes <= most) return [];
  const why = `${bytes} is more than ${MOST_MTU_BYTES} - ${overhead} (${describeTunnel(tunnel)} over IPv${underlayFamily}) = ${most}`;
  return [problemAt(spec, path, { doing: "checking", why, try: `write ${most} or less, or leave it out` })];
}

function checkEgress(network: Network, cluster: Cluster, spec: SpecFile): Problem[] {
  const { check, mode } = network.egress;
  if (check === undefined) return [];
  const path = ["networks", network.name, "egress", "check"];
  const inside = cluster.networks.find((other) => containsPrefix(other.subnet, check));
  if (mode === "none") {
    return [
      problemAt(spec, path, {
        doing: "checking",
        why: "with egress none nothing outside is reached, so there is nothing to check",
        try: "remove check, or write mode: masquerade",
      }),
    ];
  }
  if (inside !== undefined) {
    return [
      problemAt(spec, path, {
        doing: "checking",
        why: `${check} lies in ${inside.subnet} of ${inside.name}, not outside`,
        try: "name an address outside the cluster's networks",
      }),
    ];
  }
  const reserved = findReserved(check);
  const host = cluster.hosts.find(({ address }) => address === check);
  if (reserved !== undefined || host !== undefined) {
    const why = host === undefined ? `${check} is ${reserved?.name ?? ""}, not outside` : `${check} is the host ${host.name}, not outside`;
    return [problemAt(spec, path, { doing: "checking", why, try: "name an address beyond the hosts, like their router's" })];
  }
  if (familyOf(check) !== familyOf(network.subnet)) {
    return [
      problemAt(spec, path, {
        doing: "checking",
        why: `${check} is IPv${familyOf(check)}, and the network is IPv${familyOf(network.subnet)}`,
        try: `name an IPv${familyOf(network.subnet)} address`,
      }),
    ];
  }
  return [];
}
