import { overlapsPrefix } from "../../src/net/prefix.ts";
import type { Command } from "../../src/tools/index.ts";
import type { SnapshotDockerEndpoint, SnapshotDockerNetwork, SnapshotStoppedMember } from "../../src/model/snapshot.ts";
import { Refused, type KernelModel } from "./kernel-model.ts";

export interface DockerModel {
  networks: SnapshotDockerNetwork[];
  endpoints: SnapshotDockerEndpoint[];
  stopped: SnapshotStoppedMember[];
  /** How many networks it ever made. */
  made: number;
}

type DockerCommand = Extract<Command, { tool: "docker" }>;

/** What Docker's API answers to the two calls we make. */
export function runDocker(docker: DockerModel, kernel: KernelModel, command: DockerCommand): void {
  if (command.op === "remove-network") return removeNetwork(docker, command.name);
  const { body } = command;
  const pool = body.IPAM.Config[0]!;
  const bridge = body.Options["com.docker.network.bridge.name"]!;
  if (docker.networks.some((network) => network.name === body.Name)) throw new Refused(`network with name ${body.Name} already exists`);
  const clash = docker.networks.some((network) => network.subnets.some(({ subnet }) => overlapsPrefix(subnet, pool.Subnet)));
  if (clash) throw new Refused("Pool overlaps with other one on this address space");
  // Docker would make the bridge itself, or delete an address it does not expect there: an order we must never rely on
  const length = pool.Subnet.split("/")[1];
  const ready = kernel.addresses.some((entry) => entry.device === bridge && entry.cidr === `${pool.Gateway}/${length}`);
  if (!ready) throw new Error(`the gateway ${pool.Gateway}/${length} must be on ${bridge} before the Docker network is made`);
  docker.networks.push({
    id: `network-${++docker.made}`, // another one each time
    name: body.Name,
    driver: "bridge",
    scope: "local",
    internal: false,
    subnets: [{ subnet: pool.Subnet, ipRange: pool.IPRange, gateway: pool.Gateway, aux: pool.AuxiliaryAddresses }],
    options: body.Options,
    labels: body.Labels,
  });
}

function removeNetwork(docker: DockerModel, name: string): void {
  if (docker.networks.every((network) => network.name !== name)) throw new Refused(`network ${name} not found`);
  if (docker.endpoints.some((endpoint) => endpoint.network === name))
    throw new Refused(`error while removing network: network ${name} has active endpoints`);
  docker.networks = docker.networks.filter((network) => network.name !== name);
}
