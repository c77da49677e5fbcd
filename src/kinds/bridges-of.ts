import { isMarkedBy, networkOfMark } from "../model/mark.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** The cluster's bridges on a host, by name, and the network of each. */
export function bridgesOf({ links }: Snapshot, clusterUuid: string): Map<string, string> {
  const ours = links.filter((link) => link.kind === "bridge" && isMarkedBy(link.alias, clusterUuid));
  return new Map(ours.map((link) => [link.name, networkOfMark(link.alias)]));
}
