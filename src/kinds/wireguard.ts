import { z } from "zod";
import { findMark, isMarkedBy, networkOfMark, readMark, aliasWord } from "../model/mark.ts";
import { STAND_IN } from "../model/prepared.ts";
import type { SnapshotLink, SnapshotWireguardPeer } from "../model/snapshot.ts";
import type { Command } from "../tools/index.ts";
import { compareFields, compareSets } from "./differences.ts";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";

/** 32 bytes in base64 (RFC 7748, X25519), as wg(8) writes them. */
const key = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);
/** A plan that its hosts have not been prepared for yet has something else in its place. */
const keyToBe = z.union([key, z.string().regex(STAND_IN)]);

const peer = z.strictObject({
  publicKey: keyToBe,
  /** "192.0.2.1:51840"; "" where it is the other side that calls. */
  endpoint: z.union([z.string().regex(/^([0-9.]+|\[[0-9a-f:.]+\]):\d{1,5}$/), z.literal("")]),
  allowedIps: z.array(is.prefix).max(64).readonly(),
  /** 0: none are sent. */
  keepaliveS: z.int().min(0).max(65_535),
});
const schema = z.strictObject({
  kind: z.literal("wireguard"),
  network: is.network,
  name: is.ourLink,
  /** What carries it out: the kernel, or a process of the host. */
  implementation: z.enum(["kernel", "wireguard-go"]),
  port: z.int().min(0).max(65_535),
  mtuBytes: is.mtuBytes,
  /** Its own, and so which private key it has. */
  publicKey: z.union([keyToBe, z.literal("")]),
  /** Sorted by what they may send. */
  peers: z.array(peer).max(10_000).readonly(),
  up: z.boolean(),
  mark: is.mark,
});
type Wanted = z.output<typeof schema>;
export type WireguardPeer = Wanted["peers"][number];
export type WireguardResource = Wanted & {
  /** Keys of peers that were heard of a moment ago, wherever they are. Only of observed devices. */
  alive?: readonly string[];
};

/**
 * A network's WireGuard device on a host (www.wireguard.com/papers/wireguard.pdf). Which addresses a peer may send, and what is sent
 * to it, is one list: AllowedIPs. Its name is a hash over port and implementation, so a replacement stands beside it.
 */
export const wireguard: ResourceKind<WireguardResource> = {
  kind: "wireguard",
  schema,
  foundSchema: schema.extend({ alive: z.array(key).readonly().exactOptional() }),
  noun: "WireGuard tunnel",
  opensWire: true,
  prepared: (resource) => resource.publicKey,
  touches: (resource) => ({ devices: [resource.name] }),
  markedName: (resource) => resource.name,
  key: (resource) => `link/${resource.name}`,

  read: (snapshot, clusterUuid) => snapshot.links.filter((link) => isOurs(link, clusterUuid)).map(toResource),

  compare: (desired, observed) => [
    ...compareFields(desired, observed, [
      { field: "implementation", reason: "the file says what carries it out", needs: "replace" },
      { field: "port", reason: "peers send to this UDP port" },
      { field: "mtuBytes", reason: "an inner packet and what is around it must fit the underlay" },
      { field: "publicKey", reason: "peers know this host by its key" },
      { field: "up", reason: "a tunnel that is down carries nothing" },
      { field: "mark", reason: "the mark is the proof that the device is ours" },
    ]),
    ...compareSets(
      "peers",
      desired.peers.map(describePeer),
      likeDesired(observed, desired).map(describePeer),
      "only these hosts, with their own members",
    ),
  ],

  dependencies: () => [],
  asDesired: ({ alive: _, ...desired }) => desired,
  asSettled: ({ alive: _, peers, ...rest }) => ({ ...rest, peers: peers.map((one) => ({ ...one, endpoint: "" })) }),
  unseenBecause: ({ tools }) => (tools["wg"] === undefined ? "WireGuard: wg (package wireguard-tools) is missing" : undefined),

  commands(before, after) {
    if (after === null) return before === null ? [] : remove(before);
    if (before === null) return create(after);
    if (before.implementation !== after.implementation) return [...remove(before), ...create(after)];
    return change(before, after);
  },

  impact: (before, after) =>
    after === null ? "members no longer reach other hosts through it" : before === null ? "none" : "none, or a pause under a second",
};

/** Those of wireguard-go are tun devices. */
const isOurs = ({ kind, alias, name }: SnapshotLink, clusterUuid: string): boolean =>
  (kind === "wireguard" || kind === "tun") && name.startsWith("spwg") && isMarkedBy(alias, clusterUuid);

function toResource({ name, kind, alias, mtuBytes, up, wireguard: found }: SnapshotLink): WireguardResource {
  const peers = found?.peers ?? [];
  return {
    kind: "wireguard",
    network: networkOfMark(alias),
    name,
    implementation: kind === "tun" ? "wireguard-go" : "kernel",
    port: found?.port ?? 0,
    mtuBytes,
    publicKey: found?.publicKey ?? "",
    peers: peers.map(({ isAlive: _, ...one }: SnapshotWireguardPeer) => one).toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)),
    up,
    mark: readMark(alias),
    alive: peers.flatMap(({ publicKey, isAlive }) => (isAlive ? [publicKey] : [])),
  };
}

const placeOf = ({ allowedIps, publicKey }: WireguardPeer): string => `${allowedIps.join()} ${publicKey}`;

/** A peer that is heard, or of which we do not say where it is, may be anywhere: its endpoint is where its last packet came from. */
function likeDesired({ peers, alive = [] }: WireguardResource, desired: WireguardResource): WireguardPeer[] {
  const wanted = new Map(desired.peers.map((one) => [one.publicKey, one.endpoint]));
  return peers.map((one) => {
    const endpoint = wanted.get(one.publicKey);
    return endpoint !== undefined && (endpoint === "" || alive.includes(one.publicKey)) ? { ...one, endpoint } : one;
  });
}

function describePeer({ publicKey, endpoint, allowedIps, keepaliveS }: WireguardPeer): string {
  const at = endpoint === "" ? "" : ` at ${endpoint}`;
  const keepalive = keepaliveS === 0 ? "" : `, a keepalive every ${keepaliveS} s`;
  return `${allowedIps.join(" ") || "nothing"} from ${publicKey}${at}${keepalive}`;
}

/** wireguard-go sets an MTU of its own once it has gone into the background, which it has when it answers wg(8). */
function create(resource: WireguardResource): Command[] {
  const { name, implementation, mtuBytes, mark, up } = resource;
  return [
    implementation === "kernel"
      ? { tool: "ip", args: ["link", "add", name, "type", "wireguard"] }
      : { tool: "wg", op: "start", device: name },
    ...configure(null, resource),
    { tool: "ip", args: ["link", "set", "dev", name, "mtu", String(mtuBytes), "alias", aliasWord(mark), "addrgenmode", "none"] },
    { tool: "ip", args: ["link", "set", "dev", name, up ? "up" : "down"] },
  ];
}

function remove({ name, implementation }: WireguardResource): Command[] {
  const gone: Command = { tool: "ip", args: ["link", "del", "dev", name] };
  return implementation === "kernel" ? [gone] : [gone, { tool: "wg", op: "clear", device: name }];
}

function change(before: WireguardResource, after: WireguardResource): Command[] {
  const { name } = after;
  const set: string[] = [];
  if (before.mtuBytes !== after.mtuBytes) set.push("mtu", String(after.mtuBytes));
  if (before.mark !== after.mark) set.push("alias", aliasWord(after.mark));
  return [
    ...(set.length > 0 ? [{ tool: "ip", args: ["link", "set", "dev", name, ...set] } as const] : []),
    ...configure(before, after),
    ...(before.up === after.up ? [] : [{ tool: "ip", args: ["link", "set", "dev", name, after.up ? "up" : "down"] } as const]),
  ];
}

/** What a peer gave up is free for another before that one gets it: one prefix leads to one peer. */
function configure(before: WireguardResource | null, after: WireguardResource): Command[] {
  const { name: device, port, publicKey, mark } = after;
  const known = new Map(before === null ? [] : likeDesired(before, after).map((one) => [one.publicKey, describePeer(one)]));
  const wanted = new Set(after.peers.map((one) => one.publicKey));
  const isNew = before?.port !== port || before.publicKey !== publicKey;
  const cluster = findMark(mark)?.uuid ?? findMark(before?.mark ?? "")?.uuid;
  return [
    ...(isNew && publicKey !== "" && cluster !== undefined
      ? [{ tool: "wg", op: "device", device, port, cluster, publicKey } as const]
      : []),
    ...[...known.keys()]
      .filter((one) => !wanted.has(one))
      .map((one) => ({ tool: "wg", op: "forget-peer", device, publicKey: one }) as const),
    ...after.peers
      .filter((one) => known.get(one.publicKey) !== describePeer(one))
      .map((one) => ({ tool: "wg", op: "peer", device, ...one }) as const),
  ];
}
