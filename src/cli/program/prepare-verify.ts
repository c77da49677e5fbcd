import type { GatheredHosts } from "../../engine/gather-hosts.ts";
import { nftTableName } from "../../kinds/nft-table.ts";
import { deriveTarget } from "../../verify/measure/derive-target.ts";
import type { ContainerTarget } from "../../verify/measure/measurements.ts";
import { openApplied } from "./open-applied.ts";
import { resolveLab } from "./options.ts";
import type { TargetFlags } from "./session.ts";
import type { VerifyInputs } from "../verbs/verify.ts";

/** Opens the hosts and derives what must be true of them. */
export async function prepareVerify(raw: TargetFlags & { containers?: boolean; lab?: string | true }): Promise<VerifyInputs> {
  const flags = resolveLab(raw);
  const { gathered, lock, networks } = await openApplied(flags, "verifying");
  try {
    const byDockerName = new Map(
      networks.flatMap((network) => (network.attach.network === undefined ? [] : [[network.attach.network, network.name] as const])),
    );
    return {
      target: deriveTarget(networks),
      connections: gathered.connections,
      nftTable: nftTableName(lock.uuid),
      containers: flags.containers === true ? await findContainers(gathered, byDockerName) : [],
      close: () => gathered.close(),
    };
  } catch (error) {
    await gathered.close();
    throw error;
  }
}

async function findContainers(gathered: GatheredHosts, byDockerName: ReadonlyMap<string, string>): Promise<ContainerTarget[]> {
  const found = await Promise.all(
    [...gathered.snapshots].map(async ([host, { docker }]) => {
      if (docker.state !== "ready" || docker.endpoints.length === 0) return [];
      const ids = docker.endpoints.map((endpoint) => endpoint.containerId);
      const pids = (await gathered.connections.get(host)?.request("containerPids", { ids })) as number[];
      return docker.endpoints.flatMap((endpoint, index): ContainerTarget[] => {
        const network = byDockerName.get(endpoint.network);
        const pid = pids[index] ?? 0;
        return network === undefined || pid === 0 ? [] : [{ host, network, container: endpoint.container, address: endpoint.address, pid }];
      });
    }),
  );
  return found.flat();
}
