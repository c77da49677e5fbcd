import { compareFields } from "./differences.ts";
import { networkOfMark, readMark } from "../model/mark.ts";
import { markSetting, ourOvsBridges, ovs, setting, ovsUnseen } from "./ovs-words.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { SnapshotOvsBridge } from "../model/snapshot.ts";

const schema = z.strictObject({
  kind: z.literal("ovs-bridge"),
  network: is.network,
  name: is.ourLink,
  /** As the database calls them: "system" is the kernel's, "netdev" userspace's. */
  datapath: z.enum(["system", "netdev"]),
  /** Also the lower half of the spanning tree's bridge id. */
  mac: is.macOrNone,
  spanningTree: z.enum(["none", "rstp", "stp"]),
  /** Bridge priority of the spanning tree. */
  priority: z.int().min(0).max(65_535),
  /** Without a controller the bridge is a learning switch. */
  failMode: z.enum(["standalone", "secure", ""]),
  mark: is.mark,
});
export type OvsBridgeResource = z.output<typeof schema>;

/**
 * One network's own switch between its tunnels. The name is a hash over everything two hosts must agree on, so another
 * tunnel type, key or topology is another bridge, which stands beside the old one until all hosts have both.
 */
export const ovsBridge: ResourceKind<OvsBridgeResource> = {
  kind: "ovs-bridge",
  schema,
  noun: "Open vSwitch bridge",
  opensWire: true, // its tunnels come and go one by one, and are of one sort
  markedName: (resource) => resource.name,
  touches: (resource) => ({ devices: [resource.name] }),
  key: (resource) => `ovs-bridge/${resource.name}`,

  read: (snapshot, clusterUuid) => ourOvsBridges(snapshot, clusterUuid).map(toResource),

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "datapath", reason: "the tunnels run where the underlay address is" },
      { field: "mac", reason: "the spanning tree tells bridges apart by it" },
      { field: "spanningTree", reason: "without it frames would loop" },
      { field: "priority", reason: "decides which host is the root of the tree" },
      { field: "failMode", reason: "the bridge must switch without a controller" },
      { field: "mark", reason: "the mark is the proof that the bridge is ours" },
    ]),

  dependencies: () => [],

  commands(before, after) {
    if (after === null) return before === null ? [] : [ovs("--if-exists", "del-br", before.name)];
    if (before === null) return [ovs("add-br", after.name, "--", "set", "Bridge", after.name, ...settings(after))];
    // settings of a tree that is off stay: they do nothing, and they may be as found
    return [ovs("set", "Bridge", after.name, ...settings(after))];
  },

  unseenBecause: ovsUnseen,
  impact: (before, after) =>
    after === null ? "members no longer reach other hosts through it" : before === null ? "none" : "none, or a pause of seconds",
};

function toResource(bridge: SnapshotOvsBridge): OvsBridgeResource {
  const { otherConfig } = bridge;
  const spanningTree = bridge.rstp ? "rstp" : bridge.stp ? "stp" : "none";
  const priority = spanningTree === "none" ? 0 : Number(otherConfig[`${spanningTree}-priority`] ?? 0);
  return {
    kind: "ovs-bridge",
    network: networkOfMark(bridge.mark),
    name: bridge.name,
    datapath: bridge.datapath === "netdev" ? "netdev" : "system",
    mac: otherConfig["hwaddr"] ?? "",
    spanningTree,
    priority,
    failMode: bridge.failMode as OvsBridgeResource["failMode"],
    mark: readMark(bridge.mark),
  };
}

/** Column names: ovs-vswitchd.conf.db(5), table Bridge, "Spanning Tree Configuration" and its rapid sister. */
function treeConfig({ spanningTree, priority, mac }: OvsBridgeResource): Record<string, string> {
  if (spanningTree === "stp") return { "stp-priority": String(priority), "stp-system-id": mac };
  if (spanningTree === "rstp") return { "rstp-priority": String(priority), "rstp-address": mac };
  return {};
}

function settings(resource: OvsBridgeResource): string[] {
  const { datapath, failMode, mac, spanningTree, mark } = resource;
  return [
    ...[`datapath_type=${datapath}`, `fail_mode=${failMode}`, setting("other_config:hwaddr", mac)],
    ...[`stp_enable=${spanningTree === "stp"}`, `rstp_enable=${spanningTree === "rstp"}`],
    ...Object.entries(treeConfig(resource)).map(([key, value]) => setting(`other_config:${key}`, value)),
    markSetting(mark),
  ];
}
