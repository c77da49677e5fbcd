import type { HostFacts } from "../../model/host-state.ts";
import { addressBits, containsPrefix, familyOf, prefixLength } from "../../net/prefix.ts";

type Route = HostFacts["routes"][number];

/** The route a host takes to an address: of those that contain it the longest (RFC 1812, 5.2.4.3). Policy routing is not looked at. */
export function wayTo(address: string, routes: readonly Route[]): Route | undefined {
  const target = `${address}/${addressBits(familyOf(address))}`;
  const length = ({ destination }: Route): number => (destination === "default" ? 0 : prefixLength(destination));
  return routes
    .filter(
      ({ destination }) =>
        destination === "default" || (familyOf(destination) === familyOf(address) && containsPrefix(destination, target)),
    )
    .toSorted((a, b) => length(b) - length(a))[0];
}
