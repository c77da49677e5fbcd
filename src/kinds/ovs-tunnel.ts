import { compareFields } from "./differences.ts";
import { networkOfMark, readMark } from "../model/mark.ts";
import { markSetting, ourOvsPorts, ovs, setting, ovsUnseen } from "./ovs-words.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";
import type { SnapshotOvsPort } from "../model/snapshot.ts";

const TUNNELS = new Set(["vxlan", "gre", "geneve"]);

const schema = z.strictObject({
  kind: z.literal("ovs-tunnel"),
  network: is.network,
  name: is.ourLink,
  bridge: is.ourLink,
  tunnel: z.enum(["vxlan", "gre", "geneve"]),
  local: is.addressOrNone,
  remote: is.addressOrNone,
  /** "" for GRE without a key. */
  key: z.string().regex(/^\d{0,8}$/),
  /** "" for GRE. */
  port: z.string().regex(/^\d{0,5}$/),
  /** Split horizon: nothing goes from one protected port to another. */
  protected: z.boolean(),
  /** Bidirectional forwarding detection (RFC 5880): a tunnel that silently loses everything goes down. */
  bfd: z.boolean(),
  mark: is.mark,
  /** What Open vSwitch says is wrong with it; "" when it works. ovs-vsctl itself exits 0. */
  error: z.string().max(1024),
});
export type OvsTunnelResource = z.output<typeof schema>;

/** A tunnel to one peer: type, addresses, key and port are options of its interface (ovs-vswitchd.conf.db(5), "Tunnel Options"). */
export const ovsTunnel: ResourceKind<OvsTunnelResource> = {
  kind: "ovs-tunnel",
  schema,
  noun: "Open vSwitch tunnel",
  markedName: (resource) => resource.name,
  target: (resource) => resource.remote,
  touches: (resource) => ({ devices: [resource.name, resource.bridge] }),
  key: (resource) => `ovs-tunnel/${resource.name}`,

  read: (snapshot, clusterUuid) =>
    ourOvsPorts(snapshot, clusterUuid)
      .filter((port) => TUNNELS.has(port.type))
      .map(toResource),

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "bridge", reason: "the tunnel belongs to its network's bridge", needs: "replace" },
      { field: "tunnel", reason: "both ends must wrap frames alike", needs: "replace" },
      { field: "local", reason: "peers accept packets from this host's underlay address only" },
      { field: "remote", reason: "the peer's underlay address" },
      { field: "key", reason: "another key is another network" },
      { field: "port", reason: "both ends must use one UDP port" },
      { field: "protected", reason: "frames must not pass from tunnel to tunnel" },
      { field: "bfd", reason: "a tunnel that silently loses everything must be seen" },
      { field: "mark", reason: "the mark is the proof that the tunnel is ours" },
      { field: "error", reason: "Open vSwitch could not set it up", needs: "replace" },
    ]),

  dependencies: (resource) => [`ovs-bridge/${resource.bridge}`],
  diesWith: (resource) => `ovs-bridge/${resource.bridge}`,

  commands(before, after) {
    if (after === null) return before === null ? [] : [remove(before)];
    if (before === null) return create(after);
    const isBroken = before.error !== after.error || before.bridge !== after.bridge || before.tunnel !== after.tunnel;
    return isBroken ? [remove(before), ...create(after)] : change(before, after);
  },

  unseenBecause: ovsUnseen,
  impact: (before, after) =>
    after === null ? "members no longer reach that host directly" : before === null ? "none" : "none, or a pause under a second",
};

function toResource(port: SnapshotOvsPort): OvsTunnelResource {
  const { options } = port;
  return {
    kind: "ovs-tunnel",
    network: networkOfMark(port.mark),
    name: port.name,
    bridge: port.bridge,
    tunnel: port.type as OvsTunnelResource["tunnel"],
    local: options["local_ip"] ?? "",
    remote: options["remote_ip"] ?? "",
    key: options["key"] ?? "",
    port: options["dst_port"] ?? "",
    protected: port.protected,
    bfd: port.bfd["enable"] === "true",
    mark: readMark(port.mark),
    error: port.error,
  };
}

const remove = ({ bridge, name }: OvsTunnelResource): Command => ovs("--if-exists", "del-port", bridge, name);

function create(resource: OvsTunnelResource): Command[] {
  const { name, bridge, tunnel, mark } = resource;
  const port = ["add-port", bridge, name, `protected=${resource.protected}`, markSetting(mark)];
  const face = ["set", "Interface", name, `type=${tunnel}`, ...optionSettings(resource), `bfd:enable=${resource.bfd}`, markSetting(mark)];
  return [ovs(...port, "--", ...face)];
}

function optionSettings({ local, remote, key, port }: OvsTunnelResource): string[] {
  return [
    ...[setting("options:local_ip", local), setting("options:remote_ip", remote)],
    ...(key === "" ? [] : [setting("options:key", key)]),
    ...(port === "" ? [] : [setting("options:dst_port", port)]),
  ];
}

function change(before: OvsTunnelResource, after: OvsTunnelResource): Command[] {
  const { name } = after;
  const unused = [
    ...(before.key !== "" && after.key === "" ? ["key"] : []),
    ...(before.port !== "" && after.port === "" ? ["dst_port"] : []),
  ];
  return [
    ...unused.map((key) => ovs("remove", "Interface", name, "options", key)),
    ovs("set", "Port", name, `protected=${after.protected}`, markSetting(after.mark)),
    ovs("set", "Interface", name, ...optionSettings(after), `bfd:enable=${after.bfd}`, markSetting(after.mark)),
  ];
}
