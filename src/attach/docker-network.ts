import type { ResolvedMember, ResolvedNetwork } from "../model/network.ts";
import { CLUSTER_LABEL } from "../kinds/docker-network.ts";
import type { Resource } from "../model/resource.ts";

/** Members get on by a Docker network whose bridge is ours. Nothing when the network is kept away from Docker. */
export function compileDockerNetwork(network: ResolvedNetwork, member: ResolvedMember, clusterUuid: string, cluster: string): Resource[] {
  if (network.attach.type === "none") return [];
  return [
    {
      kind: "docker-network",
      name: network.attach.network,
      bridge: network.bridge,
      subnet: member.subnet,
      ipRange: member.dockerRange,
      gateway: member.gateway,
      mtuBytes: network.mtuBytes,
      masquerade: false,
      labels: { [CLUSTER_LABEL]: clusterUuid, "io.spanwire.cluster.name": cluster, "io.spanwire.network": network.name },
    },
  ];
}
