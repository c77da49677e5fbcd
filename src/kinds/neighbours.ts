import { compareSets } from "./differences.ts";
import { findMark, isMarkedBy, networkOfMark } from "../model/mark.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import type { Command } from "../tools/index.ts";
import type { Snapshot, SnapshotLink } from "../model/snapshot.ts";

/** A "static" entry alone follows its MAC to whatever port a frame comes in by; a "sticky" one stays (bridge(8); br_fdb_update in net/bridge/br_fdb.c). */
const STAYING = ["static", "sticky"];

const ALL_PARTS = ["neighbour", "tunnel-fdb", "bridge-fdb"] as const;

/** Three kernel entries that belong together: neighbour on the bridge, FDB entry of tunnel and of bridge. */
const neighbourEntry = z.strictObject({
  address: is.addressOrNone,
  mac: is.mac,
  vtep: is.addressOrNone,
  /** Only on observed entries of which a part is missing: the parts that are there. */
  parts: z.array(z.enum(ALL_PARTS)).readonly().exactOptional(),
});
export type NeighbourEntry = z.output<typeof neighbourEntry>;
type NeighbourPart = (typeof ALL_PARTS)[number];

const schema = z.strictObject({
  kind: z.literal("neighbours"),
  network: is.network,
  bridge: is.ourLinkOrNone,
  device: is.ourLink,
  /** The peers' own overlay addresses, their MACs and the VTEP each sits behind, sorted. */
  entries: z.array(neighbourEntry).max(20_000).readonly(),
});
export type NeighboursResource = z.output<typeof schema>;

/**
 * The peers' overlay addresses, known without asking: the bridge answers ARP for them on its members' behalf
 * (neigh_suppress needs the neighbour entry on the bridge and an FDB entry on the tunnel port, kernel br_arp_nd_proxy.c).
 */
export const neighbours: ResourceKind<NeighboursResource> = {
  kind: "neighbours",
  schema,
  noun: "static neighbours",
  touches: (resource) => ({ devices: [resource.device, resource.bridge] }),
  key: (resource) => `neighbours/${resource.device}`,

  read(snapshot, clusterUuid) {
    const devices = snapshot.links.filter((link) => link.kind === "vxlan" && isMarkedBy(link.alias, clusterUuid));
    return devices
      .map((link): NeighboursResource => {
        const bridge = link.master ?? findBridge(snapshot, link) ?? "";
        const others = new Set(devices.filter((other) => other !== link && other.master === bridge).map((other) => other.name));
        return {
          ...{ kind: "neighbours", network: networkOfMark(link.alias), bridge, device: link.name },
          entries: readEntries(snapshot, { bridge, device: link.name, others }),
        };
      })
      .filter((resource) => resource.entries.length > 0);
  },

  compare: (desired, observed) =>
    compareSets(
      "hosts that are known without asking",
      desired.entries.map(describeEntry),
      observed.entries.map(describeEntry),
      "hosts reach each other's overlay address without a broadcast",
    ),

  dependencies: (resource) => [`link/${resource.bridge}`, `link/${resource.device}`],
  diesWith: (resource) => `link/${resource.device}`,
  leavesTracesOn: (resource) => `link/${resource.bridge}`, // its neighbour table

  slot: (resource) => `neighbours/${resource.bridge}`, // two tunnels side by side share the bridge's neighbour table
  isEmpty: (resource) => resource.entries.length === 0,
  addsInSwitch: true, // beside an old tunnel it would draw traffic to one the peers do not have yet

  union(before, after) {
    // by MAC too: entries are read back by it, and one has one address here
    const wanted = new Set(after.entries.flatMap(({ address, mac }) => [address, mac]));
    const kept = before.entries.filter(({ parts, address, mac }) => parts === undefined && !wanted.has(address) && !wanted.has(mac));
    return { ...after, entries: sortEntries([...after.entries, ...kept]) };
  },

  commands(before, after) {
    const have = partsOf(before);
    const want = partsOf(after);
    const gone = [...have].filter(([line]) => !want.has(line)).map(([, part]) => part.remove);
    const added = [...want].filter(([line]) => !have.has(line)).map(([, part]) => part.add);
    // one process a tool: all neighbour lines first, then all FDB lines; removals before additions of the same address
    const commands = [...gone, ...added];
    return [...commands.filter((command) => command.tool === "ip"), ...commands.filter((command) => command.tool === "bridge")];
  },

  impact: () => "none",
};

function describeEntry(entry: NeighbourEntry): string {
  const partial = entry.parts === undefined ? "" : ` (only ${entry.parts.join(", ")})`;
  return `${entry.address || "?"} at ${entry.mac} behind ${entry.vtep || "?"}${partial}`;
}

/** The kernel entries of a list, each with the commands that make and remove it. */
function partsOf(list: NeighboursResource | null): Map<string, { add: Command; remove: Command }> {
  const parts = new Map<string, { add: Command; remove: Command }>();
  if (list === null) return parts;
  const { bridge, device } = list;
  for (const { address, mac, vtep, parts: present = ALL_PARTS } of list.entries) {
    // outside its bridge a tunnel has entries of its own only: the others went when it left
    if (bridge !== "" && present.includes("neighbour")) {
      parts.set(`neighbour ${bridge} ${address} ${mac}`, {
        add: { tool: "ip", args: ["neigh", "replace", address, "lladdr", mac, "dev", bridge, "nud", "permanent"] },
        remove: { tool: "ip", args: ["neigh", "del", address, "dev", bridge] },
      });
    }
    if (present.includes("tunnel-fdb")) {
      parts.set(`tunnel-fdb ${mac} ${vtep}`, {
        add: { tool: "bridge", args: ["fdb", "replace", mac, "dev", device, "dst", vtep, "self", "static"] },
        remove: { tool: "bridge", args: ["fdb", "del", mac, "dev", device, "dst", vtep, "self"] },
      });
    }
    if (bridge !== "" && present.includes("bridge-fdb")) {
      parts.set(`bridge-fdb ${mac}`, {
        add: { tool: "bridge", args: ["fdb", "replace", mac, "dev", device, "master", ...STAYING] },
        remove: { tool: "bridge", args: ["fdb", "del", mac, "dev", device, "master"] },
      });
    }
  }
  return parts;
}

interface Place {
  bridge: string;
  device: string;
  /** Our other tunnels in the same bridge: what is in their FDB is theirs. */
  others: ReadonlySet<string>;
}

function readEntries(snapshot: Snapshot, { bridge, device, others }: Place): NeighbourEntry[] {
  const byMac = new Map<string, { address: string; vtep: string; parts: NeighbourPart[] }>();
  const at = (mac: string): { address: string; vtep: string; parts: NeighbourPart[] } => {
    const known = byMac.get(mac) ?? { address: "", vtep: "", parts: [] };
    byMac.set(mac, known);
    return known;
  };
  const elsewhere = new Set<string>();
  for (const entry of snapshot.fdb) {
    if (entry.state !== "static") continue;
    if (others.has(entry.device)) elsewhere.add(entry.mac);
    if (entry.device !== device) continue;
    const known = at(entry.mac);
    if (entry.master !== undefined) {
      if (entry.sticky === true) known.parts.push("bridge-fdb");
    } else if (entry.destination !== undefined) {
      known.vtep = entry.destination;
      known.parts.push("tunnel-fdb");
    }
  }
  const doubles: NeighbourEntry[] = []; // a second address at one MAC: nobody wants it, but a revert must know it
  for (const { address, mac, device: of, permanent } of snapshot.neighbours) {
    if (of !== bridge || !permanent || (elsewhere.has(mac) && !byMac.has(mac))) continue;
    const known = at(mac);
    if (known.address !== "") {
      doubles.push({ address, mac, vtep: "", parts: ["neighbour"] });
      continue;
    }
    known.address = address;
    known.parts.push("neighbour");
  }
  const entries = [...byMac].map(([mac, { address, vtep, parts }]): NeighbourEntry => {
    const complete = ALL_PARTS.every((part) => parts.includes(part));
    return complete ? { address, mac, vtep } : { address, mac, vtep, parts: ALL_PARTS.filter((part) => parts.includes(part)) };
  });
  return sortEntries([...entries, ...doubles]);
}

/** Of a tunnel that was taken out: the bridge of the network its mark names. */
function findBridge(snapshot: Snapshot, tunnel: SnapshotLink): string | undefined {
  const mark = findMark(tunnel.alias);
  return snapshot.links.find((link) => {
    const other = findMark(link.alias);
    return link.kind === "bridge" && other !== undefined && other.uuid === mark?.uuid && other.network === mark.network;
  })?.name;
}

function sortEntries(entries: NeighbourEntry[]): NeighbourEntry[] {
  return entries.sort((a, b) => (a.vtep < b.vtep ? -1 : a.vtep > b.vtep ? 1 : a.mac < b.mac ? -1 : a.mac > b.mac ? 1 : 0));
}
