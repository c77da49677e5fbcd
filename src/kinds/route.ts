import { bridgesOf } from "./bridges-of.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";

/**
 * Marks a route as ours, for a routing daemon or a person may have others over our bridge: rtnetlink(7) leaves protocols above
 * RTPROT_STATIC (4) to whoever makes routes. No name in iproute2's rt_protos, none of FRR's (186 to 198) nor OVN's (84); `ip -j`
 * prints a number without a name as digits.
 */
const ROUTE_PROTOCOL = "86";

const schema = z.strictObject({
  kind: z.literal("route"),
  network: is.network,
  device: is.ourLink,
  destination: is.prefix,
  via: is.address,
});
/** A way to another host's members over our own bridge. Goes away with it. */
export type RouteResource = z.output<typeof schema>;

/** A route of ours to another host's members. */
export const route: ResourceKind<RouteResource> = {
  kind: "route",
  schema,
  noun: "route",
  target: (resource) => resource.destination,
  touches: (resource) => ({ devices: [resource.device], prefixes: [resource.destination] }),
  key: (resource) => `route/${resource.device}/${resource.destination}`,

  read(snapshot, clusterUuid) {
    const ours = bridgesOf(snapshot, clusterUuid);
    return snapshot.routes.flatMap(({ device, destination, gateway, protocol }): RouteResource[] => {
      const network = ours.get(device);
      if (network === undefined || protocol !== ROUTE_PROTOCOL || gateway === undefined) return [];
      return [{ kind: "route", network, device, destination, via: gateway }];
    });
  },

  compare: (desired, observed) =>
    desired.via === observed.via
      ? []
      : [
          {
            field: "via",
            from: observed.via,
            to: desired.via,
            reason: "members of that host are behind its overlay address",
            needs: "change",
          },
        ],

  // and the addresses of the device: the kernel refuses a next hop it has no way to; kinds are in that order
  dependencies: (resource) => [`link/${resource.device}`],
  diesWith: (resource) => `link/${resource.device}`,
  addsInSwitch: true, // a bridge that is down takes no route, and comes up in that stage

  // a route without our mark but to the same destination is replaced, as the kernel compares destination and metric alone
  commands: (before, after) => (after !== null ? [line("replace", after)] : before === null ? [] : [line("del", before)]),

  impact: (_before, after) => (after === null ? "members no longer reach that host's members" : "none"),
};

const line = (verb: "replace" | "del", { destination, via, device }: RouteResource): Command => ({
  tool: "ip",
  args: ["route", verb, destination, "via", via, "dev", device, "proto", ROUTE_PROTOCOL],
});
