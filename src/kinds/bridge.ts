import { compareFields } from "./differences.ts";
import { aliasWord, isMarkedBy, networkOfMark, readMark } from "../model/mark.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";

const schema = z.strictObject({
  kind: z.literal("bridge"),
  network: is.network,
  name: is.ourLink,
  mac: is.mac,
  mtuBytes: is.mtuBytes,
  up: z.boolean(),
  stp: z.boolean(),
  /** Off: without a querier, snooping forgets groups and drops what members expect on an Ethernet switch. */
  mcastSnooping: z.boolean(),
  mark: is.mark,
});
export type BridgeResource = z.output<typeof schema>;

/**
 * A network's Linux bridge on a host. Its MAC is fixed, so containers' neighbour entries for the gateway stay true when
 * the bridge is made again, and so that the first port does not lend it one (kernel br_stp_recalculate_bridge_id).
 */
export const bridge: ResourceKind<BridgeResource> = {
  kind: "bridge",
  schema,
  noun: "bridge",
  markedName: (resource) => resource.name,
  touches: (resource) => ({ devices: [resource.name] }),
  key: (resource) => `link/${resource.name}`,

  read: (snapshot, clusterUuid) =>
    snapshot.links
      .filter((link) => link.kind === "bridge" && isMarkedBy(link.alias, clusterUuid))
      .map((link) => ({
        kind: "bridge",
        network: networkOfMark(link.alias),
        name: link.name,
        mac: link.mac,
        mtuBytes: link.mtuBytes,
        up: link.up,
        stp: link.bridge?.stp ?? false,
        mcastSnooping: link.bridge?.mcastSnooping ?? true,
        mark: readMark(link.alias),
      })),

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "mac", reason: "members keep the gateway's MAC in their neighbour tables" },
      { field: "mtuBytes", reason: "unequal MTUs on one bridge drop large frames" },
      { field: "up", reason: "a bridge that is down forwards nothing" },
      { field: "stp", reason: "spanning tree would block ports for 30 s; there is no loop to break" },
      { field: "mcastSnooping", reason: "snooping without a querier loses multicast" },
      { field: "mark", reason: "the mark is the proof that the bridge is ours" },
    ]),

  dependencies: () => [],

  commands(before, after) {
    if (after === null) return before === null ? [] : [{ tool: "ip", args: ["link", "del", "dev", before.name] }];
    if (before === null) {
      const { name, mac, mtuBytes } = after;
      return [
        { tool: "ip", args: ["link", "add", name, "address", mac, "type", "bridge", ...bridgeOptions(after)] },
        // The MTU is set afterwards: only then does the kernel keep it when the last port goes (br_mtu_auto_adjust).
        // addrgenmode: no link-local address of ours on the members' segment.
        {
          tool: "ip",
          args: ["link", "set", "dev", name, "mtu", String(mtuBytes), "alias", after.mark, "addrgenmode", "none", after.up ? "up" : "down"],
        },
      ];
    }
    return changeCommands(before, after);
  },

  impact: (before, after) => (after === null ? "members lose this network" : before === null ? "none" : "none, or a pause under a second"),
};

function bridgeOptions(resource: BridgeResource): string[] {
  return ["stp_state", resource.stp ? "1" : "0", "mcast_snooping", resource.mcastSnooping ? "1" : "0"];
}

function changeCommands(before: BridgeResource, after: BridgeResource): Command[] {
  const set: string[] = [];
  if (before.mac !== after.mac) set.push("address", after.mac);
  if (before.mtuBytes !== after.mtuBytes) set.push("mtu", String(after.mtuBytes));
  if (before.mark !== after.mark) set.push("alias", aliasWord(after.mark));
  if (before.up !== after.up) set.push(after.up ? "up" : "down");
  const commands: Command[] = [];
  if (set.length > 0) commands.push({ tool: "ip", args: ["link", "set", "dev", after.name, ...set] });
  if (before.stp !== after.stp || before.mcastSnooping !== after.mcastSnooping) {
    commands.push({ tool: "ip", args: ["link", "set", "dev", after.name, "type", "bridge", ...bridgeOptions(after)] });
  }
  return commands;
}
