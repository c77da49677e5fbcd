import type { Resource } from "../../kinds/index.ts";
import type { CompileInput } from "../dataplane.ts";
import type { RoutedPin, RoutedSpec } from "./schema.ts";
import { wayTo } from "./way-to.ts";

/** A route to every other host's slice. Its source is our own gateway, so that members answer the host over the same way. */
export function compileRouted({ network, member, facts }: CompileInput<RoutedSpec, RoutedPin>): Resource[] {
  const routes = facts.get(member.host)?.routes ?? [];
  return network.members.flatMap((peer): Resource[] => {
    const device = peer === member ? undefined : wayTo(peer.vtep, routes)?.device;
    if (device === undefined) return []; // the preflight says so
    return [
      {
        kind: "route",
        network: network.name,
        device,
        destination: peer.slice,
        via: peer.vtep,
        source: member.gateway,
        bridge: network.bridge,
      },
    ];
  });
}
