import type { SnapshotDocker, SnapshotDockerEndpoint, SnapshotLink } from "../../model/snapshot.ts";
import { run } from "../../util/run.ts";
import { findContainerPid } from "./read-docker.ts";

/**
 * A bridge that was deleted leaves its containers' veths behind without a master, and Docker does not notice. Which veth
 * belongs to which container is only known inside the container, so it is looked up only while ports are missing.
 */
export async function findLostPorts(docker: SnapshotDocker, links: readonly SnapshotLink[]): Promise<SnapshotDocker> {
  if (docker.state !== "ready") return docker;
  const short = docker.networks.filter((network) =>
    isShortOfPorts(network.options["com.docker.network.bridge.name"], network.name, docker.endpoints, links),
  );
  if (short.length === 0) return docker;
  const names = new Set(short.map((network) => network.name));
  const endpoints = await Promise.all(
    docker.endpoints.map(async (endpoint) => (names.has(endpoint.network) ? findDevice(endpoint, links) : endpoint)),
  );
  return { ...docker, endpoints };
}

function isShortOfPorts(
  bridge: string | undefined,
  network: string,
  endpoints: readonly SnapshotDockerEndpoint[],
  links: readonly SnapshotLink[],
): boolean {
  if (bridge?.startsWith("spw") !== true) return false;
  const ports = links.filter((link) => link.kind === "veth" && link.master === bridge && !link.name.startsWith("spw")).length;
  return endpoints.filter((endpoint) => endpoint.network === network).length > ports;
}

/** The container's device with the endpoint's MAC names its peer's index ("link_index") in the host's namespace. */
async function findDevice(endpoint: SnapshotDockerEndpoint, links: readonly SnapshotLink[]): Promise<SnapshotDockerEndpoint> {
  const pid = await findContainerPid(endpoint.containerId);
  if (pid === 0) return endpoint;
  const result = await run(["nsenter", `--net=/proc/${pid}/ns/net`, "--", "ip", "-j", "link", "show"]);
  if (result.exitCode !== 0) return endpoint;
  const inside = JSON.parse(result.stdout) as { address?: string; link_index?: number }[];
  const peer = inside.find((link) => link.address === endpoint.mac)?.link_index;
  const device = links.find((link) => link.index === peer && link.kind === "veth" && link.master === undefined);
  return device === undefined ? endpoint : { ...endpoint, pid, device: device.name };
}
