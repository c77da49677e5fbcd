import { z } from "zod";
import type { Dataplane } from "../../src/dataplanes/dataplane.ts";
import { DATAPLANES } from "../../src/dataplanes/index.ts";
import type { Resource } from "../../src/kinds/index.ts";

interface Relay {
  type: "toy-relay";
  hub: string;
}
const schema = z.strictObject({ type: z.literal("toy-relay"), hub: z.string().optional() });
const pinSchema = z.strictObject({ type: z.literal("toy-relay") });
type RelayPin = z.output<typeof pinSchema>;

/**
 * A data plane that only the contract suites have: all hosts route by way of one of them. It shows that a plane is a folder's
 * worth of code and one line, with nothing changed elsewhere.
 */
const relay: Dataplane<z.output<typeof schema>, Relay, RelayPin> = {
  type: "toy-relay",
  schema,
  pinSchema,
  resolve: ({ hub }, hosts) => ({ type: "toy-relay", hub: hub ?? hosts[0] ?? "" }),
  traits: ({ hub }) => ({
    label: `toy-relay by ${hub}`,
    layer: 3,
    tunnel: undefined,
    topology: { shape: "star", hub },
    addressing: ["per-host"],
    families: [4],
  }),
  pin: () => ({ type: "toy-relay" }),
  recover: () => undefined, // not found is what a plane without traces of its own may say

  compile({ network, member, facts }) {
    const device = facts.get(member.host)?.underlayDevice;
    const hub = network.members.find(({ host }) => host === network.dataplane.hub);
    if (device === undefined || hub === undefined) return [];
    const peers = network.members.filter(({ host }) => host !== member.host);
    return peers.map((peer): Resource => {
      const via = hub === member ? peer.vtep : hub.vtep;
      return {
        ...{ kind: "route", network: network.name, device, destination: peer.slice, via },
        ...{ source: member.gateway, bridge: network.bridge },
      };
    });
  },

  status({ network, resources }) {
    const routes = resources.filter((resource) => resource.kind === "route" && resource.network === network.name);
    return routes.length === 0 ? undefined : { device: undefined, isUp: true, peers: routes.length, tunnels: [] };
  },
};

DATAPLANES.set(relay.type, relay);
