import { isMarkedBy } from "../model/mark.ts";
import type { Snapshot, SnapshotRoute } from "../model/snapshot.ts";
import type { HostFacts, HostState } from "../model/host-state.ts";
import { containsPrefix, familyOf, prefixLength } from "../net/prefix.ts";
import { claimLinks } from "../kinds/claim-links.ts";
import { findHolder } from "../kinds/route.ts";
import { observeResources } from "../kinds/index.ts";
import { findStandingTunnels } from "./check/standing-tunnels.ts";

/** Tools the host program runs, with the package that has them on Debian, Ubuntu, Fedora and Arch alike, or nearly so. */
export const NEEDED_TOOLS = {
  ip: "iproute2",
  bridge: "iproute2",
  nft: "nftables",
  ping: "iputils-ping",
  nsenter: "util-linux",
  unshare: "util-linux",
} as const;

/** What only some networks need; looked for too. */
export const OPTIONAL_TOOLS = ["ethtool", "wg", "wireguard-go"] as const;

/** "nft (package nftables), ping (package iputils-ping)"; empty when all are there. */
export function describeMissingTools(tools: Snapshot["tools"]): string {
  const missing = Object.entries(NEEDED_TOOLS).filter(([tool]) => tools[tool] === undefined);
  return missing.map(([tool, debian]) => `${tool} (package ${debian})`).join(", ");
}

/** `names` are those of links that are ours and may have lost their mark. */
export function readHostState(found: Snapshot, clusterUuid: string, underlayAddress: string, names: ReadonlySet<string>): HostState {
  const claimed = claimLinks(found, clusterUuid, names);
  return { snapshot: found, facts: deriveFacts(claimed, clusterUuid, underlayAddress), observed: observeResources(claimed, clusterUuid) };
}

/** The device that carries the underlay address. */
export function underlayOf({ addresses, links }: Snapshot, address: string): { device: string | undefined; mtuBytes: number | undefined } {
  const device = addresses.find((entry) => entry.cidr.split("/")[0] === address)?.device;
  return { device, mtuBytes: links.find((link) => link.name === device)?.mtuBytes };
}

/**
 * The MTU towards the other hosts: that of the devices by which packets to them leave (longest prefix first, as the
 * kernel looks routes up). The device that has the address may be another: lo, on routed fabrics.
 */
export function mtuToward(snapshot: Snapshot, address: string, peers: readonly string[]): number | undefined {
  const routes = snapshot.routes
    .map((route) => ({ ...route, prefix: route.destination === "default" ? defaultPrefix(address) : route.destination }))
    .filter(({ prefix }) => familyOf(prefix) === familyOf(address))
    .toSorted((a, b) => prefixLength(b.prefix) - prefixLength(a.prefix));
  let rest = peers.filter((peer) => peer !== address);
  const devices = new Set<string>();
  for (const { prefix, device } of routes) {
    if (rest.length === 0) break;
    const left = rest.filter((peer) => !containsPrefix(prefix, peer));
    if (left.length < rest.length) devices.add(device);
    rest = left;
  }
  const known = snapshot.links.flatMap(({ name, mtuBytes }) => (devices.has(name) ? [mtuBytes] : []));
  return known.length === 0 ? underlayOf(snapshot, address).mtuBytes : Math.min(...known);
}

const defaultPrefix = (address: string): string => (familyOf(address) === 6 ? "::/0" : "0.0.0.0/0");

export function deriveFacts(snapshot: Snapshot, clusterUuid: string, underlayAddress: string): HostFacts {
  const ours = new Set(snapshot.links.filter((link) => isMarkedBy(link.alias, clusterUuid)).map((link) => link.name));
  const underlay = underlayOf(snapshot, underlayAddress);
  const { docker } = snapshot;
  return {
    underlayDevice: underlay.device,
    underlayMtuBytes: underlay.mtuBytes,
    routes: snapshot.routes.filter((route) => !isOurRoute(route, ours, snapshot)),
    tunnels: findStandingTunnels(snapshot, clusterUuid),
    udpPorts: snapshot.udpPorts,
    docker: {
      ready: docker.state === "ready",
      reason: docker.state === "ready" ? "" : docker.reason,
      version: docker.state === "ready" ? docker.version : "",
      swarm: docker.state === "ready" && docker.swarm,
      firewall: docker.state === "ready" ? (docker.firewall ?? "") : "",
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
    ...deriveOvsFacts(snapshot, underlay.device),
    boot: snapshot.boot,
    missingTools: describeMissingTools(snapshot.tools),
  };
}

function deriveOvsFacts({ ovs }: Snapshot, underlayDevice: string | undefined): Pick<HostFacts, "ovs" | "isUnderlayInUserspace"> {
  if (ovs.state !== "ready") {
    return { ovs: { ready: false, reason: ovs.reason, kernelDatapath: false }, isUnderlayInUserspace: false };
  }
  return {
    ovs: { ready: ovs.silent === undefined, reason: ovs.silent ?? "", kernelDatapath: ovs.kernelDatapath },
    isUnderlayInUserspace: ovs.bridges.some((bridge) => bridge.name === underlayDevice && bridge.datapath === "netdev"),
  };
}

/** A bridge Docker made again under our name has no mark yet: its route is recognised by the prefix of the name. */
function isOurRoute(route: SnapshotRoute, ours: ReadonlySet<string>, snapshot: Snapshot): boolean {
  if (ours.has(route.device) || (route.source !== undefined && findHolder(snapshot, route.source, ours) !== undefined)) return true;
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
