import { bridgesOf } from "./bridges-of.ts";
import { networkOf } from "../net/prefix.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";

const schema = z.strictObject({
  kind: z.literal("address"),
  network: is.network,
  device: is.ourLink,
  cidr: is.cidr,
});
export type AddressResource = z.output<typeof schema>;

/** An address of the host on one of our bridges: the members' gateway. */
export const address: ResourceKind<AddressResource> = {
  kind: "address",
  schema,
  noun: "overlay address",
  touches: (resource) => ({ devices: [resource.device], prefixes: [networkOf(resource.cidr)] }),
  key: (resource) => `address/${resource.device}/${resource.cidr}`,

  read(snapshot, clusterUuid) {
    const ours = bridgesOf(snapshot, clusterUuid);
    return snapshot.addresses.flatMap(({ device, cidr }): AddressResource[] => {
      const network = ours.get(device);
      return network === undefined || cidr.startsWith("fe80:") ? [] : [{ kind: "address", network, device, cidr }];
    });
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
