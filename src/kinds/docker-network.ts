import { firstAddress } from "../net/prefix.ts";
import { CLUSTER_LABEL, NETWORK_LABEL } from "../model/mark.ts";
import { compareFields } from "./differences.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { DockerNetworkBody } from "../tools/docker.ts";
import type { SnapshotDockerNetwork } from "../model/snapshot.ts";

const BRIDGE_OPTION = "com.docker.network.bridge.name";
const MTU_OPTION = "com.docker.network.driver.mtu";

const schema = z.strictObject({
  kind: z.literal("docker-network"),
  network: is.network,
  name: is.word,
  bridge: is.anyLinkOrNone,
  subnet: is.prefix,
  ipRange: is.prefixOrNone,
  gateway: is.addressOrNone,
  mtuBytes: is.mtuBytesOrNone,
  /** Docker's own masquerade; off, because it would also hide cross-host addresses. */
  masquerade: z.boolean(),
  labels: z.record(z.string().max(256), z.string().max(4096)),
});
export type DockerNetworkResource = z.output<typeof schema>;

/**
 * How members get on: a Docker network with the built-in bridge driver on *our* bridge
 * (docs.docker.com/engine/network/drivers/bridge, "Options"). Docker fixes its settings at creation.
 */
export const dockerNetwork: ResourceKind<DockerNetworkResource> = {
  kind: "docker-network",
  schema: schema.extend({ bridge: is.ourLink }), // members get onto our bridges only
  foundSchema: schema,
  noun: "Docker network",
  touches: (resource) => ({ devices: [resource.name, resource.bridge] }),
  key: (resource) => `docker-network/${resource.name}`,

  read: (snapshot, clusterUuid) =>
    snapshot.docker.state === "ready"
      ? snapshot.docker.networks.filter((network) => network.labels[CLUSTER_LABEL] === clusterUuid).map(readNetwork)
      : [],

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "bridge", reason: "members must be on our bridge", needs: "replace" },
      { field: "subnet", reason: "the network's subnet", needs: "replace" },
      { field: "ipRange", reason: "Docker hands out addresses of this host's share only", needs: "replace" },
      { field: "gateway", reason: "the host's overlay address", needs: "replace" },
      { field: "mtuBytes", reason: "Docker fixes the MTU at creation", needs: "replace" },
      { field: "masquerade", reason: "cross-host traffic keeps real addresses; our table masquerades what leaves", needs: "replace" },
    ]),

  // the gateway must be on the bridge first, or Docker removes the addresses it finds there
  dependencies: (resource) => [
    `link/${resource.bridge}`,
    `address/${resource.bridge}/${resource.gateway}/${resource.subnet.split("/")[1]}`,
  ],
  slot: (resource) => `docker-pool/${resource.subnet}`, // Docker refuses a second network with it, whatever its name
  addsInSwitch: true, // the sweep for squatters needs every host's tunnel

  commands(before, after) {
    return [
      ...(before === null ? [] : [{ tool: "docker", op: "remove-network", name: before.name } as const]),
      ...(after === null
        ? []
        : [
            {
              tool: "docker",
              op: "create-network",
              body: createBody(after),
              sweep: { device: after.bridge, range: after.ipRange },
            } as const,
          ]),
    ];
  },

  unseenBecause: ({ docker }) => (docker.state === "ready" ? undefined : `Docker: ${docker.reason}`),
  impact: (before, after) =>
    before === null ? "none" : after === null ? "the Docker network goes; it must have no containers" : "containers must be reconnected",
};

function createBody(resource: DockerNetworkResource): DockerNetworkBody {
  return {
    Name: resource.name,
    CheckDuplicate: true,
    Driver: "bridge",
    EnableIPv6: resource.subnet.includes(":"),
    IPAM: { Driver: "default", Config: [createPool(resource)] },
    Options: {
      [BRIDGE_OPTION]: resource.bridge,
      [MTU_OPTION]: String(resource.mtuBytes),
      "com.docker.network.bridge.enable_ip_masquerade": String(resource.masquerade),
    },
    Labels: { ...resource.labels },
  };
}

/** Docker hands out the first address of a range (x.y.24.0), which is legal and surprises people: kept out. */
function createPool({ subnet, ipRange, gateway }: DockerNetworkResource): DockerNetworkBody["IPAM"]["Config"][number] {
  return { Subnet: subnet, IPRange: ipRange, Gateway: gateway, AuxiliaryAddresses: { unused: firstAddress(ipRange) } };
}

function readNetwork(network: SnapshotDockerNetwork): DockerNetworkResource {
  const pool = network.subnets[0];
  return {
    kind: "docker-network",
    network: network.labels[NETWORK_LABEL] ?? "",
    name: network.name,
    bridge: network.options[BRIDGE_OPTION] ?? "",
    subnet: pool?.subnet ?? "",
    ipRange: pool?.ipRange ?? "",
    gateway: pool?.gateway ?? "",
    mtuBytes: Number(network.options[MTU_OPTION] ?? 0),
    masquerade: network.options["com.docker.network.bridge.enable_ip_masquerade"] !== "false",
    labels: network.labels,
  };
}
