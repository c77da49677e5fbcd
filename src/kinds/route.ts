import { bridgesOf } from "./bridges-of.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import { compareFields } from "./differences.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Command } from "../tools/index.ts";

/**
 * Marks a route as ours, for a routing daemon or a person may have others over our bridge: rtnetlink(7) leaves protocols above
 * RTPROT_STATIC (4) to whoever makes routes. No name in iproute2's rt_protos, none of FRR's (186 to 198) nor OVN's (84); `ip -j`
 * prints a number without a name as digits.
 */
const ROUTE_PROTOCOL = "86";

const schema = z
  .strictObject({
    kind: z.literal("route"),
    network: is.network,
    device: is.anyLink,
    destination: is.prefix,
    /** Absent where the device itself knows who is behind which address: a WireGuard device of ours. */
    via: is.address.exactOptional(),
    /** Over a device that is no bridge of ours: what the host's own packets leave with, and the bridge of ours with this address. */
    source: is.address.exactOptional(),
    bridge: is.ourLink.exactOptional(),
  })
  .refine(({ device, via, source, bridge }) => {
    const isOurs = is.ourLink.safeParse(device).success;
    if (bridge === undefined) return source === undefined && via !== undefined && isOurs;
    return source !== undefined && (via !== undefined || isOurs);
  });
/**
 * A way to another host's members: over our own bridge, or over another device with an address of our bridge as its source, which
 * tells whose it is. It goes away with either (fib_sync_down_dev and fib_sync_down_addr in net/ipv4/fib_semantics.c).
 */
export type RouteResource = z.output<typeof schema>;

/** A route of ours to another host's members. */
export const route: ResourceKind<RouteResource> = {
  kind: "route",
  schema,
  noun: "route",
  target: (resource) => resource.destination,
  touches: (resource) => ({ devices: [bridgeOf(resource)], prefixes: [resource.destination] }),
  key: (resource) => `route/${bridgeOf(resource)}/${resource.destination}`,

  read(snapshot, clusterUuid) {
    const ours = bridgesOf(snapshot, clusterUuid);
    return snapshot.routes.flatMap(({ device, destination, gateway, source, protocol }): RouteResource[] => {
      if (protocol !== ROUTE_PROTOCOL || (gateway === undefined && !device.startsWith("spw"))) return [];
      const found = { kind: "route" as const, device, destination, ...(gateway === undefined ? {} : { via: gateway }) };
      const network = ours.get(device);
      if (network !== undefined) return gateway === undefined ? [] : [{ ...found, network }];
      const bridge = source === undefined ? undefined : findHolder(snapshot, source, ours);
      return bridge === undefined || source === undefined ? [] : [{ ...found, network: ours.get(bridge) ?? "", source, bridge }];
    });
  },

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "via", reason: "members of that host are behind this address", needs: "change" },
      { field: "device", reason: "that host is reached over this device", needs: "change" },
      { field: "source", reason: "members answer the host at its own address in their network", needs: "change" },
    ]),

  // and the addresses of the device: the kernel refuses a next hop it has no way to; kinds are in that order
  dependencies: (resource) => [`link/${bridgeOf(resource)}`, ...(resource.via === undefined ? [`link/${resource.device}`] : [])],
  diesWith: (resource) => `link/${bridgeOf(resource)}`,
  addsInSwitch: true, // a bridge that is down takes no route, and comes up in that stage

  // a route without our mark but to the same destination is replaced, as the kernel compares destination and metric alone
  commands: (before, after) => (after !== null ? [line("replace", after)] : before === null ? [] : [line("del", before)]),

  impact: (_before, after) => (after === null ? "members no longer reach that host's members" : "none"),
};

const bridgeOf = ({ device, bridge }: RouteResource): string => bridge ?? device;

/** The bridge of ours that has this address. */
export function findHolder(
  { addresses }: Pick<Snapshot, "addresses">,
  address: string,
  ours: { has(device: string): boolean },
): string | undefined {
  return addresses.find(({ device, cidr }) => ours.has(device) && cidr.split("/")[0] === address)?.device;
}

const line = (verb: "replace" | "del", { destination, via, device, source }: RouteResource): Command => ({
  tool: "ip",
  args: [
    ...["route", verb, destination, ...(via === undefined ? [] : ["via", via]), "dev", device, "proto", ROUTE_PROTOCOL],
    ...(source === undefined ? [] : ["src", source]),
  ],
});
