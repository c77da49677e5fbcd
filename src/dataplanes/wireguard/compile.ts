import type { Resource } from "../../kinds/index.ts";
import type { WireguardPeer } from "../../kinds/wireguard.ts";
import type { ResolvedMember } from "../../model/network.ts";
import { linkName } from "../../net/names.ts";
import { familyOf } from "../../net/prefix.ts";
import type { CompileInput } from "../dataplane.ts";
import type { WireguardPin, WireguardSpec } from "./schema.ts";

/**
 * Routers forget a UDP flow after 30 seconds at the earliest (RFC 4787 asks for two minutes; wg(8) names 25). Not only behind NAT: a host
 * that starts again calls its peers at once by it, while they would go on for 15 s with keys it no longer has; and it tells the living
 * from the dead. 32 bytes a peer.
 */
const KEEPALIVE_S = 25;

type Input = CompileInput<WireguardSpec, WireguardPin>;

/**
 * A device with every other host as a peer that may send from its own slice alone, and a route to each slice over it. A host whose key
 * nobody knows yet, because it does not answer, is left out until it does.
 */
export function compileWireguard({ network, member, mark }: Input): Resource[] {
  const { port, implementation } = network.pin;
  const name = linkName("g", network.bridge, implementation, String(port), String(member.index));
  const known = network.members.filter((peer) => peer !== member && keyOf(peer) !== "");
  return [
    {
      kind: "wireguard",
      network: network.name,
      name,
      implementation,
      port,
      mtuBytes: network.mtuBytes,
      publicKey: keyOf(member),
      peers: known.map((peer) => toPeer(peer, network)).toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)),
      up: true,
      mark,
    },
    ...known.map((peer): Resource => ({
      ...{ kind: "route", network: network.name, device: name, destination: peer.slice },
      ...{ source: member.gateway, bridge: network.bridge },
    })),
  ];
}

const keyOf = ({ prepared }: ResolvedMember): string => prepared?.["wireguard-key"] ?? "";
const placeOf = ({ allowedIps }: WireguardPeer): string => allowedIps.join();

function toPeer(peer: ResolvedMember, { dataplane, pin }: Input["network"]): WireguardPeer {
  return {
    publicKey: keyOf(peer),
    endpoint: dataplane.behindNat.includes(peer.host) ? "" : endpointOf(peer.vtep, pin.port),
    allowedIps: [peer.slice],
    keepaliveS: KEEPALIVE_S,
  };
}

/** As wg(8) writes it. */
const endpointOf = (address: string, port: number): string => (familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`);
