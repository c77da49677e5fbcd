import { findMark } from "../../model/mark.ts";
import type { Resource } from "../../model/resource.ts";

const NOUNS: Record<Resource["kind"], string> = {
  bridge: "bridge",
  address: "overlay address",
  route: "route",
  vxlan: "VXLAN tunnel",
  "ovs-bridge": "Open vSwitch bridge",
  "ovs-tunnel": "Open vSwitch tunnel",
  "ovs-join": "Open vSwitch port",
  "ovs-veth": "Open vSwitch veth pair",
  "flood-list": "flood list",
  neighbours: "known hosts",
  sysctl: "setting",
  "nft-table": "nft table",
  "docker-network": "Docker network",
  "bridge-port": "container port",
  file: "boot file",
};

/** Says in a person's words what a hashed name stands for: "VXLAN tunnel of apps". */
export function describeResource(resource: Resource, networkOfDevice: ReadonlyMap<string, string>): string {
  const network = findNetwork(resource, networkOfDevice);
  const noun = NOUNS[resource.kind];
  return `${noun}${network === undefined ? "" : ` of ${network}`}${describeEnd(resource)}`;
}

/** Where it leads, of kinds a network has several of. */
function describeEnd(resource: Resource): string {
  if (resource.kind === "ovs-tunnel") return ` to ${resource.remote}`;
  return resource.kind === "route" ? ` to ${resource.destination}` : "";
}

/** Our devices, by name, and the network each belongs to. */
export function mapDevices(resources: Iterable<Resource>): Map<string, string> {
  const devices = new Map<string, string>();
  for (const resource of resources) {
    if (!("mark" in resource)) continue;
    const network = findMark(resource.mark)?.network;
    if (network !== undefined) devices.set(resource.name, network);
  }
  return devices;
}

function findNetwork(resource: Resource, devices: ReadonlyMap<string, string>): string | undefined {
  switch (resource.kind) {
    case "bridge":
    case "vxlan":
    case "ovs-bridge":
    case "ovs-tunnel":
    case "ovs-join":
    case "ovs-veth":
      return findMark(resource.mark)?.network ?? devices.get(resource.name);
    case "address":
    case "route":
    case "flood-list":
    case "neighbours":
      return devices.get(resource.device);
    case "sysctl":
      return resource.device === undefined ? undefined : devices.get(resource.device);
    case "docker-network":
      return resource.labels["io.spanwire.network"];
    case "bridge-port":
      return resource.container === "" ? undefined : resource.container;
    case "file":
    case "nft-table":
      return undefined;
  }
}
