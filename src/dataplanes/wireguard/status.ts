import type { ResolvedNetwork } from "../../model/network.ts";
import type { StatusInput, TunnelStatus, WayStatus } from "../dataplane.ts";

/** Each peer has a state of its own: it is heard at least every few seconds (keepalive), or its keys run out. */
export function wireguardStatus({ network, resources }: StatusInput): WayStatus | undefined {
  const device = resources.find((resource) => resource.kind === "wireguard" && resource.network === network.name);
  if (device?.kind !== "wireguard") return undefined;
  const alive = new Set(device.alive);
  const tunnels = device.peers.map(({ publicKey }): TunnelStatus => ({
    to: hostOf(network, publicKey),
    state: alive.has(publicKey) ? "forwarding" : "down",
    expected: "forwarding",
  }));
  return { device: device.name, isUp: device.up, peers: tunnels.length, tunnels: tunnels.toSorted((a, b) => (a.to < b.to ? -1 : 1)) };
}

const hostOf = ({ members }: ResolvedNetwork, key: string): string =>
  members.find(({ prepared }) => prepared?.["wireguard-key"] === key)?.host ?? `somebody with the key ${key}`;
