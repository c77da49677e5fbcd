import { isMarkedBy } from "./mark.ts";
import type { ResourceKind, RouteResource } from "./resource.ts";

/** A route over one of our bridges. The kernel's own, of the bridge's addresses, are not ours to keep. */
export const route: ResourceKind<RouteResource> = {
  kind: "route",
  key: (resource) => `route/${resource.device}/${resource.destination}`,

  read(snapshot, clusterUuid) {
    const ours = new Set(
      snapshot.links.filter((link) => link.kind === "bridge" && isMarkedBy(link.alias, clusterUuid)).map((link) => link.name),
    );
    return snapshot.routes
      .filter((entry) => ours.has(entry.device) && entry.protocol !== "kernel" && entry.gateway !== undefined)
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

  commands(before, after) {
    if (after !== null) return [{ tool: "ip", args: ["route", "replace", after.destination, "via", after.via, "dev", after.device] }];
    return before === null ? [] : [{ tool: "ip", args: ["route", "del", before.destination, "via", before.via, "dev", before.device] }];
  },

  impact: (_before, after) => (after === null ? "members no longer reach that host's members" : "none"),
};
