import type { Problem } from "../../model/problem.ts";
import { listNames } from "../../util/list-names.ts";
import type { PreflightInput } from "../dataplane.ts";
import type { RoutedPin, RoutedSpec } from "./schema.ts";
import { wayTo } from "./way-to.ts";

/** A router between two hosts knows nothing of the members' subnets, and would send their packets elsewhere. */
export function preflightRouted({ host, networks, facts }: PreflightInput<RoutedSpec, RoutedPin>): Problem[] {
  return networks.flatMap(({ name, members }): Problem[] => {
    const apart = members.flatMap((peer) => {
      if (peer.host === host.name) return [];
      const way = wayTo(peer.vtep, facts.routes);
      return way !== undefined && way.gateway === undefined ? [] : [{ peer: peer.host, by: way?.gateway }];
    });
    if (apart.length === 0) return [];
    const gateways = [...new Set(apart.flatMap(({ by }) => by ?? []))];
    const way = gateways.length === 0 ? "there is no route to them" : `the way there goes through ${listNames(gateways)}`;
    return [
      {
        kind: "refused",
        doing: "preparing",
        what: `network ${name}`,
        where: host.name,
        why: `it shares no segment with ${listNames(apart.map(({ peer }) => peer))}: ${way}`,
        try: "write dataplane: vxlan for hosts behind routers, or bring them onto one segment",
      },
    ];
  });
}
