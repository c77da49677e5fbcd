import type { Resource } from "../../kinds/index.ts";
import type { StatusInput, WayStatus } from "../dataplane.ts";

/** One device carries everything; who gets broadcasts is its flood list. */
export function vxlanStatus({ network, resources }: StatusInput): WayStatus | undefined {
  const device = resources.find((resource) => resource.kind === "vxlan" && resource.bridge === network.bridge);
  if (device?.kind !== "vxlan") return undefined;
  return { device: device.name, isUp: device.up, peers: countRemotes(resources, device.name), tunnels: [] };
}

function countRemotes(resources: readonly Resource[], device: string): number {
  const flood = resources.find((resource) => resource.kind === "flood-list" && resource.device === device);
  return flood?.kind === "flood-list" ? flood.remotes.length : 0;
}
