import { compareFields } from "./differences.ts";
import { aliasWord, isMarkedBy, networkOfMark, readMark } from "../model/mark.ts";
import { markSetting, ourOvsPorts, ovs, ovsUnseen } from "./ovs-words.ts";
import { floods, portFlags } from "./port-flags.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";
import type { Snapshot } from "../model/snapshot.ts";

const vethEnds = z
  .array(z.string().regex(/^spw[yw][a-z2-7]{10}$/))
  .max(2)
  .readonly();

const schema = z.strictObject({
  kind: z.literal("ovs-veth"),
  network: is.network,
  /** The end in the Linux bridge. */
  name: z.string().regex(/^spwy[a-z2-7]{10}$/),
  /** The ends that are there. */
  devices: vethEnds,
  /** "" while the other end is no port of any. */
  ovsBridge: is.ourLinkOrNone,
  bridge: is.ourLinkOrNone,
  mac: is.macOrNone,
  mtuBytes: is.mtuBytesOrNone,
  /** Of the end in the OVS bridge. */
  peerMtuBytes: is.mtuBytesOrNone,
  /** The ends at which the kernel leaves checksums of sent packets to hardware (ethtool(8), "tx"). */
  checksumOffload: vethEnds,
  /** The protocols in which the OVS port takes part when its bridge speaks them: none is wanted. */
  spanningTrees: z
    .array(z.enum(["stp", "rstp"]))
    .max(2)
    .readonly(),
  flooding: z.boolean(),
  isolated: z.boolean(),
  /** The ends that are up. */
  up: vethEnds,
  mark: is.mark,
});
export type OvsVethResource = z.output<typeof schema>;

/**
 * The other way for an OVS bridge to meet the Linux bridge: a veth pair (veth(4)), one end a port of each. Unlike an
 * internal port it is a device of the kernel's, so it has two traps: what the kernel leaves to hardware that a veth has
 * not, and the spanning tree, in which an ordinary port takes part.
 */
export const ovsVeth: ResourceKind<OvsVethResource> = {
  kind: "ovs-veth",
  schema,
  noun: "Open vSwitch veth pair",
  markedName: (resource) => resource.name,
  touches: (resource) => ({ devices: [resource.name, resource.bridge] }),
  key: (resource) => `link/${resource.name}`,

  read(snapshot, clusterUuid) {
    const links = snapshot.links.filter((link) => link.kind === "veth" && isMarkedBy(link.alias, clusterUuid)).map((link) => link.name);
    const ports = ourOvsPorts(snapshot, clusterUuid).map((port) => port.name);
    const names = [...links, ...ports].filter((name) => /^spw[yw]/.test(name)).map((name) => `spwy${name.slice(4)}`);
    return [...new Set(names)].map((name) => toResource(name, snapshot));
  },

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "devices", reason: "both ends of the pair must be there" },
      { field: "ovsBridge", reason: "one end is a port of its network's OVS bridge" },
      { field: "bridge", reason: "outside the Linux bridge no member hears it" },
      { field: "mac", reason: "a MAC that is always the same" },
      { field: "mtuBytes", reason: "unequal MTUs on one bridge drop large frames" },
      { field: "peerMtuBytes", reason: "unequal MTUs of the two ends drop large frames" },
      { field: "checksumOffload", reason: "userspace Open vSwitch sends on what the kernel left without a checksum: nobody accepts it" },
      { field: "spanningTrees", reason: "a member's BPDUs must not move the tree between hosts" },
      { field: "flooding", reason: "exactly one way between the hosts floods" },
      { field: "isolated", reason: "frames must not pass from tunnel to tunnel" },
      { field: "up", reason: "an end that is down carries nothing" },
      { field: "mark", reason: "the mark is the proof that the pair is ours" },
    ]),

  dependencies: (resource) => [`link/${resource.bridge}`, `ovs-bridge/${resource.ovsBridge}`],
  slot: (resource) => `tunnel/${resource.bridge}`,
  standby: (resource) => ({ ...resource, flooding: false }),

  // in each case `ip` comes first and Open vSwitch last: it takes only a device that is there and complete
  commands(before, after) {
    const from = before ?? nothingOf(after);
    if (after === null) return from === undefined ? [] : [...deleteDevices(from), detach(from)];
    if (from === undefined) return [];
    if (after.devices.length < BOTH) return [...deleteDevices(from), ...setPort(from, after)];
    if (from.devices.length < BOTH) return [...deleteDevices(from), addPair(after), ...change(withFreshPair(from, after), after)];
    return change(from, after);
  },

  unseenBecause: ovsUnseen,
  impact: (before, after) =>
    after === null ? "members no longer reach other hosts through it" : before === null ? "none" : "none, or a pause under a second",
};

const BOTH = 2;
const TREES = ["stp", "rstp"] as const;

/** The end in the OVS bridge has the other's hash, so each names the other also when one is gone. */
export const vethPeer = (name: string): string => `spww${name.slice(4)}`;

function toResource(name: string, { links, ovs: database }: Snapshot): OvsVethResource {
  const peer = vethPeer(name);
  const ends = [name, peer].flatMap((device) => links.find((link) => link.name === device) ?? []);
  const end = ends.find((link) => link.name === name);
  const port = database.state === "ready" ? database.ports.find((candidate) => candidate.name === peer) : undefined;
  const marks = new Set([...ends.map((link) => link.alias), ...(port === undefined ? [] : [port.mark])].map(readMark));
  return {
    kind: "ovs-veth",
    network: [...marks].map(networkOfMark).find((network) => network !== "") ?? "",
    name,
    devices: ends.map((link) => link.name),
    ovsBridge: port?.bridge ?? "",
    bridge: end?.master ?? "",
    mac: end?.mac ?? "",
    mtuBytes: end?.mtuBytes ?? 0,
    peerMtuBytes: ends.find((link) => link.name === peer)?.mtuBytes ?? 0,
    // without ethtool(8) nobody can tell; the kernel makes pairs with it
    checksumOffload: ends.filter((link) => link.checksumOffload !== false).map((link) => link.name),
    spanningTrees: TREES.filter((tree) => port?.otherConfig[`${tree}-enable`] !== "false"),
    flooding: floods(end),
    isolated: end?.port?.isolated ?? false,
    up: ends.filter((link) => link.up).map((link) => link.name),
    mark: marks.size === 1 ? [...marks].join("") : "",
  };
}

/** What the given pair is while it is not there. */
function nothingOf(resource: OvsVethResource | null): OvsVethResource | undefined {
  if (resource === null) return undefined;
  return {
    ...resource,
    devices: [],
    ovsBridge: "",
    bridge: "",
    mac: "",
    mtuBytes: 0,
    peerMtuBytes: 0,
    checksumOffload: [],
    up: [],
    mark: "",
  };
}

/** As `addPair` leaves it. A port of the former pair is made again, or Open vSwitch would keep looking at the old device. */
function withFreshPair(from: OvsVethResource, { devices, mac, mtuBytes, peerMtuBytes }: OvsVethResource): OvsVethResource {
  const fresh = { devices, mac, mtuBytes, peerMtuBytes, checksumOffload: devices, bridge: "", up: [], mark: "" };
  return { ...from, ...fresh, ovsBridge: "" };
}

/** One end takes the other along. */
function deleteDevices({ devices: [device] }: OvsVethResource): Command[] {
  return device === undefined ? [] : [ip("link", "del", "dev", device)];
}

function addPair({ name, mac, mtuBytes, peerMtuBytes }: OvsVethResource): Command {
  const peer = ["peer", "name", vethPeer(name), "mtu", String(peerMtuBytes)];
  return ip("link", "add", name, "address", mac, "mtu", String(mtuBytes), "type", "veth", ...peer);
}

function change(before: OvsVethResource, after: OvsVethResource): Command[] {
  return [...setEnds(before, after), ...setOffload(before, after), ...setPort(before, after)];
}

function setEnds(before: OvsVethResource, after: OvsVethResource): Command[] {
  const { name } = after;
  const peer = vethPeer(name);
  const set = (device: string, ...words: string[]): Command[] => (words.length === 0 ? [] : [ip("link", "set", "dev", device, ...words)]);
  const mark = before.mark === after.mark ? [] : ["alias", aliasWord(after.mark), "addrgenmode", "none"];
  const isMoved = before.bridge !== after.bridge;
  const isFlagged = before.flooding !== after.flooding || before.isolated !== after.isolated;
  return [
    ...set(peer, ...(before.peerMtuBytes === after.peerMtuBytes ? [] : ["mtu", String(after.peerMtuBytes)]), ...mark),
    ...set(
      name,
      ...(before.mac === after.mac ? [] : ["address", after.mac]),
      ...(before.mtuBytes === after.mtuBytes ? [] : ["mtu", String(after.mtuBytes)]),
      ...mark,
      ...(isMoved ? (after.bridge === "" ? ["nomaster"] : ["master", after.bridge]) : []),
    ),
    // before it comes up: it never floods beside another
    ...(after.bridge !== "" && (isMoved || isFlagged) ? [portFlags(after)] : []),
    ...[peer, name].flatMap((device) => {
      const isUp = after.up.includes(device);
      return before.up.includes(device) === isUp ? [] : set(device, isUp ? "up" : "down");
    }),
  ];
}

function setOffload(before: OvsVethResource, after: OvsVethResource): Command[] {
  return after.devices.flatMap((device): Command[] => {
    const isOn = after.checksumOffload.includes(device);
    if (before.checksumOffload.includes(device) === isOn) return [];
    return [{ tool: "ethtool", args: ["-K", device, "tx", isOn ? "on" : "off"] }];
  });
}

function setPort(before: OvsVethResource, after: OvsVethResource): Command[] {
  if (before.ovsBridge !== after.ovsBridge) return attach(after);
  if (after.ovsBridge === "" || (before.mark === after.mark && String(before.spanningTrees) === String(after.spanningTrees))) return [];
  return [ovs("set", "Port", vethPeer(after.name), ...portSettings(after))];
}

/**
 * Anew also where it is a port already: of another bridge, or of a device that is gone. In two transactions, for one that
 * takes a port away and adds it again changes nothing: Open vSwitch keeps the old device open (measured on 3.1).
 */
function attach(resource: OvsVethResource): Command[] {
  const { name, ovsBridge } = resource;
  if (ovsBridge === "") return [detach(resource)];
  const args = ["add-port", ovsBridge, vethPeer(name), ...portSettings(resource)];
  return [detach(resource), { tool: "ovs", args, apart: true }];
}

const detach = ({ name }: OvsVethResource): Command => ovs("--if-exists", "del-port", vethPeer(name));

/** ovs-vswitchd.conf.db(5), table Port, other_config:stp-enable and rstp-enable. */
function portSettings({ spanningTrees, mark }: OvsVethResource): string[] {
  return [...TREES.map((tree) => `other_config:${tree}-enable=${spanningTrees.includes(tree)}`), markSetting(mark)];
}

const ip = (...args: readonly string[]): Command => ({ tool: "ip", args });
