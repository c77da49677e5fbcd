import { isMarkedBy } from "../model/mark.ts";
import type { AddressResource, ResourceKind } from "../model/resource.ts";

/** An address of the host on one of our bridges: the members' gateway. */
export const address: ResourceKind<AddressResource> = {
  kind: "address",
  key: (resource) => `address/${resource.device}/${resource.cidr}`,

  read(snapshot, clusterUuid) {
    const ours = new Set(
      snapshot.links.filter((link) => link.kind === "bridge" && isMarkedBy(link.alias, clusterUuid)).map((link) => link.name),
    );
    return snapshot.addresses
      .filter((entry) => ours.has(entry.device) && !entry.cidr.startsWith("fe80:"))
      .map((entry) => ({ kind: "address", device: entry.device, cidr: entry.cidr }));
  },

  compare: () => [], // the key is the whole resource
  dependencies: (resource) => [`link/${resource.device}`],
  diesWith: (resource) => `link/${resource.device}`,

  commands(before, after) {
    if (before !== null && after !== null) return [];
    const resource = (after ?? before) as AddressResource;
    // noprefixroute is not used: the connected route is what makes the host reach its members
    return [{ tool: "ip", args: ["addr", after === null ? "del" : "add", resource.cidr, "dev", resource.device] }];
  },

  impact: (_before, after) => (after === null ? "members lose their gateway" : "none"),
};
