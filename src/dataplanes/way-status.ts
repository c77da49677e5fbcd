import type { ResolvedNetwork } from "../model/network.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { observeResources } from "../kinds/index.ts";
import type { WayStatus } from "./dataplane.ts";
import { DATAPLANES, getDataplane } from "./index.ts";

/** A host's way to the others in one network, as it is: the file's plane first; while it changes, another's may stand. */
export function findWay(network: ResolvedNetwork, host: string, snapshot: Snapshot, clusterUuid: string): WayStatus | undefined {
  const resources = [...observeResources(snapshot, clusterUuid).values()];
  const wanted = getDataplane(network.dataplane);
  const planes = [wanted, ...[...DATAPLANES.values()].filter((plane) => plane !== wanted)];
  for (const plane of planes) {
    const found = plane.status({ network, host, resources, snapshot });
    if (found !== undefined) return found;
  }
  return undefined;
}
