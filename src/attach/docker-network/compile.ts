import { CLUSTER_LABEL } from "../../kinds/docker-network.ts";
import type { Resource } from "../../model/resource.ts";
import type { AttachCompileInput } from "../attachment.ts";

export function compileDockerNetwork({ network, member, cluster, clusterUuid }: AttachCompileInput): Resource[] {
  return [
    {
      kind: "docker-network",
      name: network.attach.network ?? network.name,
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
