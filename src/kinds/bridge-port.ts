import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";

const schema = z.strictObject({
  kind: z.literal("bridge-port"),
  network: is.network,
  /** As Docker names the host's side of a container's veth pair: nobody's uplink is put into a bridge. */
  device: z.string().regex(/^veth[a-zA-Z0-9]{1,11}$/),
  bridge: is.anyLinkOrNone,
  container: z.string().max(256),
});
/** A running container's veth that lost its bridge and gets it back. Only ever desired, never owned. */
export type BridgePortResource = z.output<typeof schema>;

/** Every veth of others that is a port of a bridge counts: a container's port is Docker's, we only put a lost one back. */
export const bridgePort: ResourceKind<BridgePortResource> = {
  kind: "bridge-port",
  schema: schema.extend({ bridge: is.ourLink }), // members get onto our bridges only
  foundSchema: schema,
  noun: "container port",
  owner: (resource) => resource.container,
  touches: (resource) => ({ devices: [resource.device, resource.bridge] }),
  key: (resource) => `bridge-port/${resource.device}`,

  read: (snapshot) =>
    snapshot.links
      .filter((link) => link.kind === "veth" && link.master !== undefined && !link.name.startsWith("spw"))
      .map((link) => ({ kind: "bridge-port", network: "", device: link.name, bridge: link.master ?? "", container: "" })),

  compare: (desired, observed) =>
    desired.bridge === observed.bridge
      ? []
      : [
          {
            field: "bridge",
            from: observed.bridge,
            to: desired.bridge,
            reason: `container ${desired.container} lost its bridge`,
            needs: "change",
          },
        ],

  dependencies: (resource) => [`link/${resource.bridge}`],
  isOwned: () => false,
  isTransient: true,

  commands(before, after) {
    const device = (after ?? before)?.device ?? "";
    return [{ tool: "ip", args: ["link", "set", "dev", device, ...(after === null ? ["nomaster"] : ["master", after.bridge, "up"])] }];
  },

  impact: (_before, after) => (after === null ? "the container loses the network" : "the container is back on the network"),
};
