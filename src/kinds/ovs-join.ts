import { compareFields } from "./differences.ts";
import { aliasWord, isMarkedBy, networkOfMark, readMark } from "../model/mark.ts";
import { markSetting, ourOvsPorts, ovs, setting, ovsUnseen } from "./ovs-words.ts";
import { floods, portFlags } from "./port-flags.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";
import type { SnapshotLink, SnapshotOvsPort } from "../model/snapshot.ts";

const schema = z.strictObject({
  kind: z.literal("ovs-join"),
  network: is.network,
  name: is.ourLink,
  ovsBridge: is.ourLink,
  bridge: is.ourLinkOrNone,
  mac: is.macOrNone,
  mtuBytes: is.mtuBytesOrNone,
  /** As on a VXLAN device: only one way between hosts floods while two stand side by side (docs/adr/0004). */
  flooding: z.boolean(),
  isolated: z.boolean(),
  up: z.boolean(),
  mark: is.mark,
  error: z.string().max(1024),
});
export type OvsJoinResource = z.output<typeof schema>;

/**
 * How the OVS bridge meets the Linux bridge: an internal port of the one, enslaved to the other. Docker refuses an OVS
 * bridge, so members live on the Linux one. The port takes no part in the spanning tree: a member's BPDUs go nowhere.
 */
export const ovsJoin: ResourceKind<OvsJoinResource> = {
  kind: "ovs-join",
  schema,
  noun: "Open vSwitch port",
  markedName: (resource) => resource.name,
  touches: (resource) => ({ devices: [resource.name, resource.bridge] }),
  key: (resource) => `link/${resource.name}`,

  read(snapshot, clusterUuid) {
    const links = new Map(snapshot.links.map((link) => [link.name, link]));
    return ourOvsPorts(snapshot, clusterUuid)
      .filter((port) => port.type === "internal")
      .map((port) => toResource(port, links.get(port.name), clusterUuid));
  },

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "ovsBridge", reason: "the port belongs to its network's OVS bridge", needs: "replace" },
      { field: "bridge", reason: "outside the Linux bridge no member hears it" },
      { field: "mac", reason: "a MAC that is always the same" },
      { field: "mtuBytes", reason: "unequal MTUs on one bridge drop large frames" },
      { field: "flooding", reason: "exactly one way between the hosts floods" },
      { field: "isolated", reason: "frames must not pass from tunnel to tunnel" },
      { field: "up", reason: "a port that is down carries nothing" },
      { field: "mark", reason: "the mark is the proof that the port is ours" },
      { field: "error", reason: "Open vSwitch could not set it up", needs: "replace" },
    ]),

  dependencies: (resource) => [`link/${resource.bridge}`, `ovs-bridge/${resource.ovsBridge}`],
  diesWith: (resource) => `ovs-bridge/${resource.ovsBridge}`,
  slot: (resource) => `tunnel/${resource.bridge}`,
  standby: (resource) => ({ ...resource, flooding: false }),

  commands(before, after) {
    if (after === null) return before === null ? [] : [remove(before)];
    if (before === null) return [create(after), ...enslave(after)];
    if (before.error !== after.error || before.ovsBridge !== after.ovsBridge) {
      return [remove(before), create(after), ...enslave(after)];
    }
    return change(before, after);
  },

  unseenBecause: ovsUnseen,
  impact: (before, after) =>
    after === null ? "members no longer reach other hosts through it" : before === null ? "none" : "none, or a pause under a second",
};

/** The mark counts only when both halves carry it: the row in the database and the link. */
function toResource(port: SnapshotOvsPort, link: SnapshotLink | undefined, clusterUuid: string): OvsJoinResource {
  return {
    kind: "ovs-join",
    network: networkOfMark(port.mark),
    name: port.name,
    ovsBridge: port.bridge,
    bridge: link?.master ?? "",
    mac: link?.mac ?? "",
    // Open vSwitch sets an internal port's MTU to its bridge's least whenever a port comes, unless mtu_request holds it
    mtuBytes: port.mtuRequestBytes === 0 ? 0 : (link?.mtuBytes ?? 0),
    flooding: floods(link),
    isolated: link?.port?.isolated ?? false,
    up: link?.up ?? false,
    mark: isMarkedBy(link?.alias ?? "", clusterUuid) && readMark(link?.alias ?? "") !== "" ? readMark(port.mark) : "",
    error: port.error,
  };
}

const remove = ({ ovsBridge, name }: OvsJoinResource): Command => ovs("--if-exists", "del-port", ovsBridge, name);

/** Neither STP nor RSTP: ovs-vswitchd.conf.db(5), table Port, other_config:stp-enable and rstp-enable. */
function create(resource: OvsJoinResource): Command {
  const { ovsBridge, name, mark } = resource;
  const port = ["add-port", ovsBridge, name, "other_config:stp-enable=false", "other_config:rstp-enable=false", markSetting(mark)];
  return ovs(...port, "--", ...interfaceWords(resource));
}

function interfaceWords({ name, mac, mtuBytes, mark }: OvsJoinResource): string[] {
  return ["set", "Interface", name, "type=internal", setting("mac", mac), `mtu_request=${mtuBytes}`, markSetting(mark)];
}

/**
 * The MTU is set here too: ovs-vswitchd asks for it before the kernel's datapath has made the device, and again only some time
 * after ovs-vsctl has returned (iface_do_create in Open vSwitch's vswitchd/bridge.c).
 */
function enslave(resource: OvsJoinResource): Command[] {
  const { name, mtuBytes, mark, bridge, up } = resource;
  const set = ["mtu", String(mtuBytes), "alias", aliasWord(mark), "addrgenmode", "none", "master", bridge];
  return [
    { tool: "ip", args: ["link", "set", "dev", name, ...set] },
    portFlags(resource), // before it comes up: it never floods beside another
    { tool: "ip", args: ["link", "set", "dev", name, up ? "up" : "down"] },
  ];
}

function change(before: OvsJoinResource, after: OvsJoinResource): Command[] {
  const { name } = after;
  const commands: Command[] = [];
  const row = before.mac !== after.mac || before.mtuBytes !== after.mtuBytes || before.mark !== after.mark;
  if (row) commands.push(ovs(...interfaceWords(after), "--", "set", "Port", name, markSetting(after.mark)));
  const set = before.mtuBytes === after.mtuBytes ? [] : ["mtu", String(after.mtuBytes)];
  // without its mark it is a device that ovs-vswitchd has made anew, with the kernel's defaults
  if (before.mark !== after.mark) set.push("alias", aliasWord(after.mark), "addrgenmode", "none");
  const isMoved = before.bridge !== after.bridge;
  if (isMoved) set.push(...(after.bridge === "" ? ["nomaster"] : ["master", after.bridge]));
  if (set.length > 0) commands.push({ tool: "ip", args: ["link", "set", "dev", name, ...set] });
  const isFlagged = before.flooding !== after.flooding || before.isolated !== after.isolated;
  if (after.bridge !== "" && (isFlagged || isMoved)) commands.push(portFlags(after));
  if (before.up !== after.up) commands.push({ tool: "ip", args: ["link", "set", "dev", name, after.up ? "up" : "down"] });
  return commands;
}
