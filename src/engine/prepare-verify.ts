import { nftTableName } from "../kinds/nft-table.ts";
import type { Connection } from "../transport/connection.ts";
import { deriveTarget } from "../verify/measure/derive-target.ts";
import type { ContainerTarget } from "../verify/measure/measurements.ts";
import type { VerifyTarget } from "../verify/measure/target.ts";
import type { VerifyFailure } from "../verify/report/report.ts";
import { findStandingFaults } from "./find-standing-faults.ts";
import type { GatheredHosts } from "./gather-hosts.ts";
import { openApplied } from "./open-applied.ts";
import type { Session } from "./session.ts";

/** What stands before a measurement: the promises, and a conversation with every host that answers. */
export interface VerifyInputs {
  target: VerifyTarget;
  connections: ReadonlyMap<string, Connection>;
  /** Our nft table, which counts outer fragments. */
  nftTable?: string;
  /** Running containers of our networks; only where they were asked for. */
  containers: readonly ContainerTarget[];
  /** Broken by what the hosts say themselves. */
  known: readonly VerifyFailure[];
  close(): Promise<void>;
}

/** Opens the hosts and derives what must be true of them. */
export async function prepareVerify(session: Session, only: readonly string[] | undefined, withContainers: boolean): Promise<VerifyInputs> {
  const { gathered, lock, networks } = await openApplied(session, only, "verifying");
  try {
    const byDockerName = new Map(
      networks.flatMap((network) => (network.attach.network === undefined ? [] : [[network.attach.network, network.name] as const])),
    );
    return {
      target: deriveTarget(networks),
      connections: gathered.connections,
      nftTable: nftTableName(lock.uuid),
      known: findStandingFaults(networks, gathered.snapshots, lock.uuid),
      containers: withContainers ? await findContainers(gathered, byDockerName) : [],
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
      const pids = (await gathered.connections.get(host)?.request("containerPids", { ids })) ?? [];
      return docker.endpoints.flatMap((endpoint, index): ContainerTarget[] => {
        const network = byDockerName.get(endpoint.network);
        const pid = pids[index] ?? 0;
        return network === undefined || pid === 0 ? [] : [{ host, network, container: endpoint.container, address: endpoint.address, pid }];
      });
    }),
  );
  return found.flat();
}
