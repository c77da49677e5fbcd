import type { PinInput } from "../dataplane.ts";
import type { WireguardPin, WireguardSpec } from "./schema.ts";

/** 51820, which people know, is most often taken: by the WireGuard device of their own that wg-quick(8) made for them. */
const FIRST_PORT = 51_840;
const LAST_PORT = 65_535;

/** Two devices of a host never share a port, so another implementation has another, and can stand beside the one it replaces. */
export function pinWireguard({ network, before, ports, changes, fail }: PinInput<WireguardSpec>): WireguardPin {
  const { port: written, implementation } = network.dataplane;
  const kept = keptPin(before?.dataplane);
  const owner = written === undefined ? undefined : ports.get(written);
  if (owner !== undefined && owner !== network.name)
    fail(["dataplane", "port"], {
      why: `UDP port ${written} is locked for the network ${owner}`,
      try: "choose another port, or leave it out",
    });
  const port = written ?? (kept?.implementation === implementation ? kept.port : firstFree(ports));
  if (kept !== undefined && kept.port !== port) changes.push(`network ${network.name} changes its UDP port from ${kept.port} to ${port}`);
  ports.set(port, network.name);
  return { type: "wireguard", port, implementation };
}

function keptPin(pin: { readonly type: string } | undefined): WireguardPin | undefined {
  return pin?.type === "wireguard" ? (pin as WireguardPin) : undefined;
}

function firstFree(ports: ReadonlyMap<number, string>): number {
  for (let port = FIRST_PORT; port <= LAST_PORT; port++) if (!ports.has(port)) return port;
  throw new Error("every UDP port is spoken for");
}
