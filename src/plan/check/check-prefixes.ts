import { overlapsPrefix } from "../../net/prefix.ts";
import type { FilePosition, Problem } from "../../model/problem.ts";
import type { Cluster } from "../../model/cluster.ts";

/**
 * Networks against what a host already routes. `routes` must not hold routes of our own devices. A wider route counts
 * too: the network would cut a hole into it.
 */
export function checkPrefixesInUse(
  cluster: Cluster,
  host: string,
  routes: readonly { destination: string; device: string }[],
  locate?: (path: readonly PropertyKey[]) => FilePosition,
): Problem[] {
  const used = routes.filter((route) => route.destination !== "default" && !route.destination.endsWith("/0"));
  return cluster.networks.flatMap((network) => {
    const path = ["networks", network.name, "subnet"];
    return used
      .filter((route) => overlapsPrefix(route.destination, network.subnet))
      .map((route): Problem => ({
        kind: "input",
        doing: "checking",
        what: path.join("."),
        where: host,
        why: `${network.subnet} overlaps ${route.destination}, which ${host} already routes to ${route.device}`,
        try: "use a subnet that no host routes yet, or remove that route",
        ...(locate === undefined ? {} : { at: locate(path) }),
      }));
  });
}
