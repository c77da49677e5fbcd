import { compareFields } from "./differences.ts";
import { aliasWord, isMarkedBy, networkOfMark, readMark } from "../model/mark.ts";
import { floods, portFlags } from "./port-flags.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";

const schema = z.strictObject({
  kind: z.literal("vxlan"),
  network: is.network,
  name: is.ourLink,
  bridge: is.ourLinkOrNone,
  vni: z.int().min(0).max(0xff_ffff),
  port: z.int().min(0).max(65_535),
  local: is.addressOrNone,
  mac: is.mac,
  mtuBytes: is.mtuBytes,
  /** "set": never fragment outside, or a wrong MTU stays hidden (ip-link(8), VXLAN "df"). */
  df: z.string().regex(/^(set|unset|inherit)$/),
  ttl: z.int().min(0).max(255),
  learning: z.boolean(),
  /** Only one tunnel port of a network floods while two stand side by side (docs/adr/0004). */
  flooding: z.boolean(),
  /** No frame goes from one tunnel port to another: split horizon. */
  isolated: z.boolean(),
  neighSuppress: z.boolean(),
  up: z.boolean(),
  mark: is.mark,
});
export type VxlanResource = z.output<typeof schema>;

/**
 * One network's VTEP on a host: a unicast VXLAN device (RFC 7348) as an isolated port of the network's bridge. The name
 * is a hash over VNI and port, which the kernel cannot change on a living device, so a replacement stands beside it.
 */
export const vxlan: ResourceKind<VxlanResource> = {
  kind: "vxlan",
  schema,
  noun: "VXLAN tunnel",
  opensWire: true,
  markedName: (resource) => resource.name,
  touches: (resource) => ({ devices: [resource.name, resource.bridge] }),
  key: (resource) => `link/${resource.name}`,

  read: (snapshot, clusterUuid) =>
    snapshot.links
      .filter((link) => link.kind === "vxlan" && isMarkedBy(link.alias, clusterUuid))
      .map((link) => ({
        kind: "vxlan",
        network: networkOfMark(link.alias),
        name: link.name,
        bridge: link.master ?? "",
        vni: link.vxlan?.vni ?? 0,
        port: link.vxlan?.port ?? 0,
        local: link.vxlan?.local ?? "",
        mac: link.mac,
        mtuBytes: link.mtuBytes,
        df: link.vxlan?.df ?? "",
        ttl: link.vxlan?.ttl ?? 0,
        learning: link.vxlan?.learning ?? false,
        flooding: floods(link),
        isolated: link.port?.isolated ?? false,
        neighSuppress: link.port?.neighSuppress ?? false,
        up: link.up,
        mark: readMark(link.alias),
      })),

  compare: (desired, observed) =>
    compareFields(desired, observed, [
      { field: "vni", reason: "another VNI is another network", needs: "replace" },
      { field: "port", reason: "both ends must use one UDP port", needs: "replace" },
      { field: "bridge", reason: "a tunnel outside its bridge carries nothing" },
      { field: "local", reason: "peers accept this host's tunnel from its underlay address only" },
      { field: "mac", reason: "peers know this VTEP by its MAC" },
      { field: "mtuBytes", reason: "unequal MTUs on one bridge drop large frames" },
      { field: "df", reason: "fragments outside would hide a wrong MTU" },
      { field: "ttl", reason: "TTL of outer packets" },
      { field: "learning", reason: "members' MACs are learned from traffic" },
      { field: "flooding", reason: "exactly one tunnel port of a network floods" },
      { field: "isolated", reason: "frames must not pass from tunnel to tunnel" },
      { field: "neighSuppress", reason: "known gateways are answered for locally" },
      { field: "up", reason: "a tunnel that is down carries nothing" },
      { field: "mark", reason: "the mark is the proof that the device is ours" },
    ]),

  dependencies: (resource) => [`link/${resource.bridge}`],
  slot: (resource) => `tunnel/${resource.bridge}`,
  standby: (resource) => ({ ...resource, flooding: false }),

  commands(before, after) {
    if (after === null) return before === null ? [] : [remove(before)];
    if (before === null) return create(after);
    if (before.vni !== after.vni || before.port !== after.port) return [remove(before), ...create(after)];
    return change(before, after);
  },

  impact: (before, after) =>
    after === null ? "members no longer reach other hosts through it" : before === null ? "none" : "none, or a pause under a second",
};

const remove = (resource: VxlanResource): Command => ({ tool: "ip", args: ["link", "del", "dev", resource.name] });

function create(resource: VxlanResource): Command[] {
  const { name, mac, mtuBytes, vni, local, port, df, ttl, learning } = resource;
  return [
    {
      tool: "ip",
      args: [
        ...["link", "add", name, "address", mac, "mtu", String(mtuBytes), "type", "vxlan", "id", String(vni)],
        ...["local", local, "dstport", String(port), "df", df, "ttl", String(ttl), learning ? "learning" : "nolearning"],
      ],
    },
    { tool: "ip", args: ["link", "set", "dev", name, "alias", resource.mark, "addrgenmode", "none", "master", resource.bridge] },
    portFlags(resource), // before the device comes up: it never floods beside another
    { tool: "ip", args: ["link", "set", "dev", name, resource.up ? "up" : "down"] },
  ];
}

function change(before: VxlanResource, after: VxlanResource): Command[] {
  const commands: Command[] = [];
  const { name } = after;
  const tunnel: string[] = [];
  if (before.local !== after.local) tunnel.push("local", after.local);
  if (before.df !== after.df) tunnel.push("df", after.df);
  if (before.ttl !== after.ttl) tunnel.push("ttl", String(after.ttl));
  if (before.learning !== after.learning) tunnel.push(after.learning ? "learning" : "nolearning");
  if (tunnel.length > 0) commands.push({ tool: "ip", args: ["link", "set", "dev", name, "type", "vxlan", ...tunnel] });

  const set: string[] = [];
  if (before.mac !== after.mac) set.push("address", after.mac);
  if (before.mtuBytes !== after.mtuBytes) set.push("mtu", String(after.mtuBytes));
  if (before.mark !== after.mark) set.push("alias", aliasWord(after.mark));
  const enslave = before.bridge !== after.bridge;
  if (enslave) set.push(...(after.bridge === "" ? ["nomaster"] : ["master", after.bridge]));
  if (set.length > 0) commands.push({ tool: "ip", args: ["link", "set", "dev", name, ...set] });

  const flags = before.flooding !== after.flooding || before.isolated !== after.isolated || before.neighSuppress !== after.neighSuppress;
  if (after.bridge !== "" && (flags || enslave)) commands.push(portFlags(after));
  if (before.up !== after.up) commands.push({ tool: "ip", args: ["link", "set", "dev", name, after.up ? "up" : "down"] });
  return commands;
}
