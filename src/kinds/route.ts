import { isMarkedBy } from "../model/mark.ts";
import type { Command, ResourceKind, RouteResource } from "../model/resource.ts";

/**
 * Marks a route as ours, for a routing daemon or a person may have others over our bridge: rtnetlink(7) leaves protocols above
 * RTPROT_STATIC (4) to whoever makes routes. No name in iproute2's rt_protos, none of FRR's (186 to 198) nor OVN's (84); `ip -j`
 * prints a number without a name as digits.
 */
const ROUTE_PROTOCOL = "86";

/** A route of ours to another host's members. */
export const route: ResourceKind<RouteResource> = {
  kind: "route",
  key: (resource) => `route/${resource.device}/${resource.destination}`,

  read(snapshot, clusterUuid) {
    const ours = new Set(
      snapshot.links.filter((link) => link.kind === "bridge" && isMarkedBy(link.alias, clusterUuid)).map((link) => link.name),
    );
    return snapshot.routes
      .filter((entry) => ours.has(entry.device) && entry.protocol === ROUTE_PROTOCOL && entry.gateway !== undefined)
      .map(({ device, destination, gateway = "" }) => ({ kind: "route", device, destination, via: gateway }));
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
