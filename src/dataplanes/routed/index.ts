import { bridgesOf } from "../../kinds/bridges-of.ts";
import { kindOf, type Resource } from "../../kinds/index.ts";
import type { RouteResource } from "../../kinds/route.ts";
import type { ResolvedNetwork } from "../../model/network.ts";
import { familyOf } from "../../net/prefix.ts";
import type { CheckInput, Dataplane, Findings, RecoverInput } from "../dataplane.ts";
import { compileRouted } from "./compile.ts";
import { preflightRouted } from "./preflight.ts";
import { routedPin, routedSchema, type RoutedPin, type RoutedSpec } from "./schema.ts";

/**
 * No encapsulation: every host has a route to every other host's slice, and members' packets cross the underlay as they are, with
 * its full MTU. For hosts on one segment, where each is the other's next hop.
 */
export const routed: Dataplane<RoutedSpec, RoutedSpec, RoutedPin> = {
  type: "routed",
  schema: routedSchema,
  pinSchema: routedPin,
  resolve: (written) => written,
  traits: () => ({
    label: "routed",
    layer: 3,
    tunnel: undefined,
    topology: { shape: "mesh" },
    addressing: ["per-host"],
    families: [4],
  }),
  check: checkFamilies,
  pin: () => ({ type: "routed" }),
  recover: (input) => (isThere(input) ? { type: "routed" } : undefined),
  compile: compileRouted,
  preflight: preflightRouted,

  status({ network, resources }) {
    const peers = resources.filter((resource) => isOver(resource, network)).length;
    const bridge = resources.find((resource) => resource.kind === "bridge" && resource.name === network.bridge);
    if (peers === 0 || bridge?.kind !== "bridge") return undefined;
    return { device: undefined, isUp: bridge.up, peers, tunnels: [] };
  },
};

/** A route to an IPv4 subnet has an IPv4 next hop: the underlay addresses. */
function checkFamilies({ cluster, locate }: CheckInput<RoutedSpec>): Findings {
  const problems = cluster.hosts.flatMap(({ name, address }) =>
    familyOf(address) === 4
      ? []
      : [
          {
            kind: "unsupported" as const,
            doing: "checking",
            what: `hosts.${name}.address`,
            where: "",
            why: `${address} cannot be the next hop of an IPv4 route`,
            try: "write an IPv4 address, or dataplane: vxlan",
            at: locate(["hosts", name, "address"]),
          },
        ],
  );
  return { problems, warnings: [] };
}

function isOver(resource: Resource, { bridge }: Pick<ResolvedNetwork, "bridge">): boolean {
  return resource.kind === "route" && resource.bridge === bridge;
}

/** Routes of ours over the underlay; a network of one host has none, and then the file decides. */
function isThere({ network, uuid, snapshots }: RecoverInput): boolean {
  const all = [...snapshots.values()];
  const isOurs = (candidate: RouteResource): boolean => candidate.network === network.name && candidate.bridge !== undefined;
  if (all.some((snapshot) => kindOf<RouteResource>("route").read(snapshot, uuid).some(isOurs))) return true;
  return network.dataplane.type === "routed" && all.some((snapshot) => [...bridgesOf(snapshot, uuid).values()].includes(network.name));
}
