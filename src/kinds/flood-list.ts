import { compareSets } from "./differences.ts";
import { isMarkedBy } from "../model/mark.ts";
import type { Command, FloodListResource, ResourceKind } from "../model/resource.ts";

/** The all-zero MAC stands for "everything unknown" in a VXLAN device's FDB (kernel Documentation/networking/vxlan). */
const UNKNOWN_MAC = "00:00:00:00:00:00";

/** Head-end replication list of one tunnel device. It exists exactly as long as its device does. */
export const floodList: ResourceKind<FloodListResource> = {
  kind: "flood-list",
  key: (resource) => `flood-list/${resource.device}`,

  read(snapshot, clusterUuid) {
    const remotes = new Map<string, string[]>(
      snapshot.links.filter((link) => link.kind === "vxlan" && isMarkedBy(link.alias, clusterUuid)).map((link) => [link.name, []]),
    );
    for (const { mac, destination, device } of snapshot.fdb) {
      if (mac === UNKNOWN_MAC && destination !== undefined) remotes.get(device)?.push(destination);
    }
    return [...remotes].map(([device, list]) => ({ kind: "flood-list", device, remotes: list.sort() }));
  },

  compare: (desired, observed) =>
    compareSets("remotes", desired.remotes, observed.remotes, "broadcasts go to exactly the hosts of this network"),

  dependencies: (resource) => [`link/${resource.device}`],
  diesWith: (resource) => `link/${resource.device}`,
  isEmpty: (resource) => resource.remotes.length === 0,
  union: (before, after) => ({ ...after, remotes: [...new Set([...before.remotes, ...after.remotes])].sort() }),

  commands(before, after) {
    const have = new Set(before?.remotes);
    const want = new Set(after?.remotes);
    const device = (after ?? before)?.device ?? "";
    return [
      ...[...want].filter((remote) => !have.has(remote)).map((remote) => entry("append", device, remote)),
      ...[...have].filter((remote) => !want.has(remote)).map((remote) => entry("del", device, remote)),
    ];
  },

  impact: (_before, after) => (after === null ? "broadcasts no longer reach other hosts" : "none"),
};

function entry(verb: "append" | "del", device: string, remote: string): Command {
  const state = verb === "append" ? ["permanent"] : [];
  return { tool: "bridge", args: ["fdb", verb, UNKNOWN_MAC, "dev", device, "dst", remote, "self", ...state] };
}
