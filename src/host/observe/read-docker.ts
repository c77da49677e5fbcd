import { CLUSTER_LABEL } from "../../model/mark.ts";
import type { SnapshotDocker, SnapshotDockerEndpoint, SnapshotDockerNetwork, SnapshotStoppedMember } from "../../model/snapshot.ts";
import { compareText } from "../../util/compare-text.ts";
import { createLimit } from "../../util/create-limit.ts";
import { callDocker, dockerSocketPath } from "./docker-api.ts";

interface ApiNetwork {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  Internal: boolean;
  IPAM: { Config: { Subnet?: string; IPRange?: string; Gateway?: string; AuxiliaryAddresses?: Record<string, string> }[] | null };
  Options: Record<string, string> | null;
  Labels: Record<string, string> | null;
}

interface ApiContainer {
  Id: string;
  Names: string[];
  State: string;
  NetworkSettings: { Networks: Record<string, ApiEndpoint> };
}

interface ApiEndpoint {
  NetworkID: string;
  IPAddress: string;
  GlobalIPv6Address: string;
  MacAddress: string;
  IPAMConfig: { IPv4Address?: string; IPv6Address?: string } | null;
  Aliases: string[] | null;
}

/** Docker as it stands, in three parallel calls. A daemon that does not answer is a fact, not a failure. */
export async function readDocker(): Promise<SnapshotDocker> {
  try {
    const [version, info, networks, containers] = await Promise.all([
      callDocker<{ Version: string; ApiVersion: string }>("GET", "/version"),
      callDocker<{ Swarm?: { LocalNodeState?: string }; FirewallBackend?: { Driver?: string } }>("GET", "/info"),
      callDocker<ApiNetwork[]>("GET", "/networks"),
      callDocker<ApiContainer[]>("GET", "/containers/json?all=true"),
    ]);
    const found = networks.map(toNetwork).sort((a, b) => compareText(a.name, b.name));
    return {
      state: "ready",
      version: version.Version,
      apiVersion: version.ApiVersion,
      swarm: info.Swarm?.LocalNodeState === "active",
      ...(info.FirewallBackend?.Driver === undefined ? {} : { firewall: info.FirewallBackend.Driver }),
      networks: found,
      endpoints: findEndpoints(
        containers.filter((container) => !isStopped(container)),
        found,
      ),
      stopped: await findStopped(containers.filter(isStopped), found),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { state: "absent", reason: `no Docker daemon answers at ${dockerSocketPath()} (${why.split("\n")[0]})` };
  }
}

function toNetwork(network: ApiNetwork): SnapshotDockerNetwork {
  return {
    id: network.Id,
    name: network.Name,
    driver: network.Driver,
    scope: network.Scope,
    internal: network.Internal,
    subnets: (network.IPAM.Config ?? []).map((pool) => ({
      subnet: pool.Subnet ?? "",
      ipRange: pool.IPRange ?? "",
      gateway: pool.Gateway ?? "",
      aux: pool.AuxiliaryAddresses ?? {},
    })),
    options: network.Options ?? {},
    labels: network.Labels ?? {},
  };
}

function findEndpoints(containers: readonly ApiContainer[], networks: readonly SnapshotDockerNetwork[]): SnapshotDockerEndpoint[] {
  const ours = new Map(networks.filter((network) => network.labels[CLUSTER_LABEL] !== undefined).map((network) => [network.id, network]));
  return containers
    .flatMap((container) =>
      Object.values(container.NetworkSettings.Networks).flatMap((endpoint) => {
        const network = ours.get(endpoint.NetworkID);
        if (network === undefined) return [];
        return [
          {
            container: nameOf(container),
            containerId: container.Id,
            pid: 0,
            network: network.name,
            address: endpoint.IPAddress || endpoint.GlobalIPv6Address,
            mac: endpoint.MacAddress,
          },
        ];
      }),
    )
    .sort((a, b) => compareText(`${a.network} ${a.container}`, `${b.network} ${b.container}`));
}

/** Docker Engine API, GET /containers/json: one that is paused or restarting has its endpoints still. */
const STOPPED_STATES = new Set(["created", "exited", "dead"]);
const isStopped = ({ State }: ApiContainer): boolean => STOPPED_STATES.has(State);

async function findStopped(
  containers: readonly ApiContainer[],
  networks: readonly SnapshotDockerNetwork[],
): Promise<SnapshotStoppedMember[]> {
  const foreign = new Set(networks.flatMap(({ id, labels }) => (labels[CLUSTER_LABEL] === undefined ? [id] : [])));
  const names = new Set(networks.flatMap(({ name, labels }) => (labels[CLUSTER_LABEL] === undefined ? [] : [name])));
  const members = containers.flatMap((container) =>
    Object.entries(container.NetworkSettings.Networks)
      .filter(([name, { NetworkID }]) => (NetworkID === "" ? names.has(name) : !foreign.has(NetworkID)))
      .map(([network, endpoint]) => ({ container, network, endpoint })),
  );
  const limit = createLimit(CALLS_AT_ONCE);
  const found = await Promise.all(
    members.map(async ({ container, network, endpoint: { NetworkID, IPAMConfig } }) => ({
      container: nameOf(container),
      network,
      networkId: NetworkID,
      address: IPAMConfig?.IPv4Address || IPAMConfig?.IPv6Address || "",
      aliases: await limit(() => readAliases(container.Id, network)),
    })),
  );
  return found.sort((a, b) => compareText(`${a.network} ${a.container}`, `${b.network} ${b.container}`));
}

const CALLS_AT_ONCE = 8;

/** The list of containers leaves them out. */
async function readAliases(containerId: string, network: string): Promise<string[]> {
  try {
    const { NetworkSettings } = await callDocker<Pick<ApiContainer, "NetworkSettings">>("GET", `/containers/${containerId}/json`);
    const aliases = NetworkSettings.Networks[network]?.Aliases ?? [];
    return aliases.filter((alias) => !containerId.startsWith(alias)); // its short id is given by Docker itself
  } catch {
    return []; // it was removed meanwhile
  }
}

const nameOf = ({ Names, Id }: ApiContainer): string => (Names[0] ?? Id).replace(/^\//, "");

/** The process of a running container; 0 when it ended meanwhile. */
export async function findContainerPid(containerId: string): Promise<number> {
  try {
    const { State } = await callDocker<{ State: { Pid: number } }>("GET", `/containers/${containerId}/json`);
    return State.Pid;
  } catch {
    return 0;
  }
}
