import type { BridgePortResource, ResourceKind } from "../model/resource.ts";

/** Every veth of others that is a port of a bridge counts: a container's port is Docker's, we only put a lost one back. */
export const bridgePort: ResourceKind<BridgePortResource> = {
  kind: "bridge-port",
  key: (resource) => `bridge-port/${resource.device}`,

  read: (snapshot) =>
    snapshot.links
      .filter((link) => link.kind === "veth" && link.master !== undefined && !link.name.startsWith("spw"))
      .map((link) => ({ kind: "bridge-port", device: link.name, bridge: link.master ?? "", container: "" })),

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

  commands(before, after) {
    const device = (after ?? before)?.device ?? "";
    return [{ tool: "ip", args: ["link", "set", "dev", device, ...(after === null ? ["nomaster"] : ["master", after.bridge, "up"])] }];
  },

  impact: (_before, after) => (after === null ? "the container loses the network" : "the container is back on the network"),
};
