import { isMarkedBy } from "../model/mark.ts";
import type { BootServices } from "../tools/own-files.ts";
import type { Snapshot, SnapshotRoute } from "../model/snapshot.ts";
import { findStandingTunnels, type StandingTunnel } from "./check/standing-tunnels.ts";

/** What a plan needs to know of a host besides our own objects. */
export interface HostFacts {
  /** MTU of the device that carries the underlay address; undefined when no device has it. */
  underlayMtuBytes: number | undefined;
  underlayDevice: string | undefined;
  /** Routes that do not lead to a device of ours. */
  routes: readonly Pick<SnapshotRoute, "destination" | "device">[];
  tunnels: readonly StandingTunnel[];
  udpPorts: readonly number[];
  docker: { ready: boolean; reason: string; version: string; swarm: boolean };
  /** Docker networks without our mark; subnets only of those whose addresses Docker keeps apart from ours on this host. */
  foreignDockerNetworks: readonly { name: string; subnets: readonly string[] }[];
  /** Running containers whose veth lost its bridge. */
  lostPorts: readonly { device: string; bridge: string; container: string }[];
  missingTools: readonly string[];
  /** Services that want files of ours; undefined without systemd. */
  boot: BootServices | undefined;
  ovs: { ready: boolean; reason: string; kernelDatapath: boolean };
  /** The underlay address sits on a userspace bridge of Open vSwitch: only there can userspace tunnels start. */
  isUnderlayInUserspace: boolean;
}

/** Tools the host program runs (Debian: iproute2, nftables, iputils-ping, util-linux). */
export const NEEDED_TOOLS = ["ip", "bridge", "nft", "ping", "nsenter", "unshare"] as const;

/** What only some networks need; looked for too. */
export const OPTIONAL_TOOLS = ["ethtool"] as const;

export function deriveFacts(snapshot: Snapshot, clusterUuid: string, underlayAddress: string): HostFacts {
  const ours = new Set(snapshot.links.filter((link) => isMarkedBy(link.alias, clusterUuid)).map((link) => link.name));
  const underlayDevice = snapshot.addresses.find((entry) => entry.cidr.split("/")[0] === underlayAddress)?.device;
  const { docker } = snapshot;
  return {
    underlayDevice,
    underlayMtuBytes: snapshot.links.find((link) => link.name === underlayDevice)?.mtuBytes,
    routes: snapshot.routes.filter((route) => !isOurRoute(route, ours, snapshot)),
    tunnels: findStandingTunnels(snapshot, clusterUuid),
    udpPorts: snapshot.udpPorts,
    docker: {
      ready: docker.state === "ready",
      reason: docker.state === "ready" ? "" : docker.reason,
      version: docker.state === "ready" ? docker.version : "",
      swarm: docker.state === "ready" && docker.swarm,
    },
    foreignDockerNetworks:
      docker.state === "ready"
        ? docker.networks
            .filter((network) => network.labels["io.spanwire.cluster"] !== clusterUuid)
            .map((network) => ({
              name: network.name,
              subnets: network.scope === "local" ? network.subnets.map((pool) => pool.subnet) : [],
            }))
        : [],
    lostPorts: findLostPorts(snapshot, clusterUuid),
    ...deriveOvsFacts(snapshot, underlayDevice),
    boot: snapshot.boot,
    missingTools: NEEDED_TOOLS.filter((tool) => snapshot.tools[tool] === undefined),
  };
}

function deriveOvsFacts({ ovs }: Snapshot, underlayDevice: string | undefined): Pick<HostFacts, "ovs" | "isUnderlayInUserspace"> {
  if (ovs.state !== "ready") {
    return { ovs: { ready: false, reason: ovs.reason, kernelDatapath: false }, isUnderlayInUserspace: false };
  }
  return {
    ovs: { ready: true, reason: "", kernelDatapath: ovs.kernelDatapath },
    isUnderlayInUserspace: ovs.bridges.some((bridge) => bridge.name === underlayDevice && bridge.datapath === "netdev"),
  };
}

/** A bridge Docker made again under our name has no mark yet: its route is recognised by the prefix of the name. */
function isOurRoute(route: SnapshotRoute, ours: ReadonlySet<string>, snapshot: Snapshot): boolean {
  if (ours.has(route.device)) return true;
  const docker = snapshot.docker.state === "ready" ? snapshot.docker.networks : [];
  return docker.some((network) => network.options["com.docker.network.bridge.name"] === route.device && route.device.startsWith("spw"));
}

function findLostPorts(snapshot: Snapshot, clusterUuid: string): HostFacts["lostPorts"] {
  if (snapshot.docker.state !== "ready") return [];
  const { networks, endpoints } = snapshot.docker;
  return endpoints.flatMap((endpoint) => {
    const network = networks.find((candidate) => candidate.name === endpoint.network);
    const bridge = network?.options["com.docker.network.bridge.name"];
    if (endpoint.device === undefined || bridge === undefined || network?.labels["io.spanwire.cluster"] !== clusterUuid) return [];
    return [{ device: endpoint.device, bridge, container: endpoint.container }];
  });
}
