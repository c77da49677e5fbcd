import { CLUSTER_LABEL, NETWORK_LABEL } from "../../model/mark.ts";
import type { Resource } from "../../kinds/index.ts";
import type { AttachCompileInput } from "../attachment.ts";

export function compileDockerNetwork({ network, member, cluster, clusterUuid }: AttachCompileInput): Resource[] {
  return [
    {
      kind: "docker-network",
      network: network.name,
      name: network.attach.network ?? network.name,
      bridge: network.bridge,
      subnet: member.subnet,
      ipRange: member.dockerRange,
      gateway: member.gateway,
      mtuBytes: network.mtuBytes,
      masquerade: false,
      labels: { [CLUSTER_LABEL]: clusterUuid, "io.spanwire.cluster.name": cluster, [NETWORK_LABEL]: network.name },
    },
  ];
}
