import { findMark } from "../../model/mark.ts";
import { describeReceiver } from "../../net/tunnel.ts";
import type { Dataplane, RecoverInput } from "../dataplane.ts";
import { checkWireguard } from "./check.ts";
import { compileWireguard } from "./compile.ts";
import { pinWireguard } from "./pin.ts";
import { preflightWireguard } from "./preflight.ts";
import { wireguardStatus } from "./status.ts";
import { wireguardPin, wireguardSchema, type WireguardPin, type WireguardSpec, type WrittenWireguard } from "./schema.ts";

/**
 * Encrypted: every host has a WireGuard device a network, with a key pair that never leaves it, and a route to every other host's
 * slice over that. AllowedIPs are exactly the peers' slices, so a host cannot send as another's member. It fails closed: the firewall
 * drops members' packets on any other way, also while the device is not there.
 */
export const wireguard: Dataplane<WrittenWireguard, WireguardSpec, WireguardPin> = {
  type: "wireguard",
  schema: wireguardSchema,
  pinSchema: wireguardPin,

  resolve: ({ port, behindNat = [], implementation = "kernel" }) => ({
    type: "wireguard",
    ...(port === undefined ? {} : { port }),
    behindNat,
    implementation,
  }),

  traits: ({ port, implementation, behindNat }) => ({
    label: implementation === "kernel" ? "wireguard" : "wireguard (wireguard-go)",
    layer: 3,
    tunnel: { encapsulation: "wireguard", hasKey: true, ...(port === undefined ? {} : { port }), authenticates: true, isExclusive: true },
    topology: { shape: "mesh" },
    addressing: ["per-host"],
    families: [4],
    behindNat,
    prepares: ["wireguard-key"],
    confinedTo: "spwg*",
  }),

  check: checkWireguard,
  pin: pinWireguard,
  portOf: ({ port }) => port,
  settle: (spec, { port }) => ({ ...spec, port }),
  recover: findPin,
  compile: compileWireguard,
  preflight: preflightWireguard,
  receiver: ({ implementation }) => (implementation === "kernel" ? describeReceiver("kernel", "wireguard") : implementation),
  status: wireguardStatus,
};

function findPin({ network, uuid, snapshots }: RecoverInput): WireguardPin | undefined {
  const links = [...snapshots.values()].flatMap((snapshot) => snapshot.links);
  for (const { alias, kind, wireguard: found } of links) {
    const mark = findMark(alias);
    if (found === undefined || mark?.uuid !== uuid || mark.network !== network.name) continue;
    return { type: "wireguard", port: found.port, implementation: kind === "tun" ? "wireguard-go" : "kernel" };
  }
  return undefined;
}
