import { compareSets } from "./differences.ts";
import { isMarkedBy, networkOfMark } from "../model/mark.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";

/** The all-zero MAC stands for "everything unknown" in a VXLAN device's FDB (kernel Documentation/networking/vxlan). */
const UNKNOWN_MAC = "00:00:00:00:00:00";

const schema = z.strictObject({
  kind: z.literal("flood-list"),
  network: is.network,
  device: is.ourLink,
  /** Every VTEP that gets a copy of a broadcast, sorted. */
  remotes: z.array(is.address).max(10_000).readonly(),
});
export type FloodListResource = z.output<typeof schema>;

/** Head-end replication list of one tunnel device. It exists exactly as long as its device does. */
export const floodList: ResourceKind<FloodListResource> = {
  kind: "flood-list",
  schema,
  noun: "flood list",
  touches: (resource) => ({ devices: [resource.device] }),
  key: (resource) => `flood-list/${resource.device}`,

  read(snapshot, clusterUuid) {
    const devices = snapshot.links.filter((link) => link.kind === "vxlan" && isMarkedBy(link.alias, clusterUuid));
    const remotes = new Map<string, string[]>(devices.map((link) => [link.name, []]));
    for (const { mac, destination, device } of snapshot.fdb) {
      if (mac === UNKNOWN_MAC && destination !== undefined) remotes.get(device)?.push(destination);
    }
    return devices.map(({ name, alias }) => ({
      ...{ kind: "flood-list", network: networkOfMark(alias), device: name },
      remotes: remotes.get(name)?.sort() ?? [],
    }));
  },

  compare: (desired, observed) =>
    compareSets("hosts that get broadcasts", desired.remotes, observed.remotes, "broadcasts go to exactly the hosts of this network"),

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
