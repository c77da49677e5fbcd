import { findWay } from "../dataplanes/way-status.ts";
import { findMember, type ResolvedNetwork } from "../model/network.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { CLUSTER_LABEL } from "../model/mark.ts";
import type { VerifyFailure } from "../verify/report/report.ts";

/**
 * What a measurement between endpoints does not see: containers cannot join a network whose Docker network is not there,
 * and a tunnel whose daemon is dead may still carry what it carried before.
 */
export function findStandingFaults(
  networks: readonly ResolvedNetwork[],
  snapshots: ReadonlyMap<string, Snapshot>,
  clusterUuid: string,
): VerifyFailure[] {
  return [...snapshots].flatMap(([host, snapshot]) => {
    const mine = networks.filter((network) => findMember(network, host) !== undefined);
    return [...findUnattached(host, mine, snapshot, clusterUuid), ...findDown(host, mine, snapshot, clusterUuid)];
  });
}

function findUnattached(host: string, networks: readonly ResolvedNetwork[], { docker }: Snapshot, clusterUuid: string): VerifyFailure[] {
  const wanted = networks.flatMap((network) => network.attach.network ?? []);
  const standing = docker.state === "ready" ? docker.networks.filter(({ labels }) => labels[CLUSTER_LABEL] === clusterUuid) : [];
  const missing = wanted.filter((name) => standing.every((network) => network.name !== name));
  if (missing.length === 0) return [];
  const problem = { check: "attach", kind: "verify", doing: "looking for the Docker", where: host } as const;
  const what = `${missing.length === 1 ? "network" : "networks"} ${missing.join(", ")} on ${host}`;
  if (docker.state !== "ready") return [{ ...problem, what, why: docker.reason, try: "start Docker on that host" }];
  return [{ ...problem, what, why: "Docker has none of that name that is ours: no container can join", try: "run `spanwire apply`" }];
}

function findDown(host: string, networks: readonly ResolvedNetwork[], snapshot: Snapshot, clusterUuid: string): VerifyFailure[] {
  const down = networks.filter((network) => findWay(network, host, snapshot, clusterUuid)?.isUp === false);
  if (down.length === 0) return [];
  const silent = snapshot.ovs.state === "ready" ? snapshot.ovs.silent : undefined;
  return [
    {
      ...{ check: "tunnel", kind: "verify", doing: "looking at the tunnels of", where: host },
      what: `${down.map(({ name }) => name).join(", ")} on ${host}`,
      why: silent ?? "they are down",
      try: silent === undefined ? "run `spanwire apply`" : "start Open vSwitch on that host: systemctl restart openvswitch-switch",
    },
  ];
}
