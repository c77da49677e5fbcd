import { compareSets } from "./differences.ts";
import { isMarkedBy } from "./mark.ts";
import type { Command, NeighbourEntry, NeighbourPart, NeighboursResource, ResourceKind } from "./resource.ts";
import type { Snapshot, SnapshotLink } from "./snapshot.ts";

const ALL_PARTS: readonly NeighbourPart[] = ["neighbour", "tunnel-fdb", "bridge-fdb"];

/**
 * The peers' overlay addresses, known without asking: the bridge answers ARP for them on its members' behalf
 * (neigh_suppress needs the neighbour entry on the bridge and an FDB entry on the tunnel port, kernel br_arp_nd_proxy.c).
 */
export const neighbours: ResourceKind<NeighboursResource> = {
  kind: "neighbours",
  key: (resource) => `neighbours/${resource.device}`,

  read: (snapshot, clusterUuid) =>
    snapshot.links
      .filter((link) => link.kind === "vxlan" && isMarkedBy(link.alias, clusterUuid))
      .map((link) => ({ kind: "neighbours", bridge: link.master ?? "", device: link.name, entries: readEntries(snapshot, link) })),

  compare: (desired, observed) =>
    compareSets(
      "entries",
      desired.entries.map(describeEntry),
      observed.entries.map(describeEntry),
      "hosts reach each other's overlay address without a broadcast",
    ),

  dependencies: (resource) => [`link/${resource.bridge}`, `link/${resource.device}`],
  diesWith: (resource) => `link/${resource.device}`,

  addsInSwitch: true, // beside an old tunnel it would draw traffic to one the peers do not have yet

  union(before, after) {
    const wanted = new Set(after.entries.map((entry) => entry.address));
    const kept = before.entries.filter((entry) => entry.parts === undefined && !wanted.has(entry.address));
    return { ...after, entries: sortEntries([...after.entries, ...kept]) };
  },

  commands(before, after) {
    const want = new Map((after?.entries ?? []).map((entry) => [describeEntry(entry), entry]));
    const have = new Map((before?.entries ?? []).map((entry) => [describeEntry(entry), entry]));
    const { bridge, device } = (after ?? before) as NeighboursResource;
    const gone = [...have].filter(([id]) => !want.has(id)).flatMap(([, entry]) => removeEntry(entry, bridge, device));
    const added = [...want].filter(([id]) => !have.has(id)).flatMap(([, entry]) => addEntry(entry, bridge, device));
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

function addEntry(entry: NeighbourEntry, bridge: string, device: string): Command[] {
  return [
    { tool: "ip", args: ["neigh", "replace", entry.address, "lladdr", entry.mac, "dev", bridge, "nud", "permanent"] },
    { tool: "bridge", args: ["fdb", "replace", entry.mac, "dev", device, "dst", entry.vtep, "self", "static"] },
    { tool: "bridge", args: ["fdb", "replace", entry.mac, "dev", device, "master", "static"] },
  ];
}

function removeEntry(entry: NeighbourEntry, bridge: string, device: string): Command[] {
  const parts = entry.parts ?? ALL_PARTS;
  const commands: Command[] = [];
  if (parts.includes("neighbour")) commands.push({ tool: "ip", args: ["neigh", "del", entry.address, "dev", bridge] });
  if (parts.includes("tunnel-fdb")) commands.push({ tool: "bridge", args: ["fdb", "del", entry.mac, "dev", device, "dst", entry.vtep, "self"] });
  if (parts.includes("bridge-fdb")) commands.push({ tool: "bridge", args: ["fdb", "del", entry.mac, "dev", device, "master"] });
  return commands;
}

function readEntries(snapshot: Snapshot, link: SnapshotLink): NeighbourEntry[] {
  const byMac = new Map<string, { address: string; vtep: string; parts: NeighbourPart[] }>();
  const at = (mac: string): { address: string; vtep: string; parts: NeighbourPart[] } => {
    const known = byMac.get(mac) ?? { address: "", vtep: "", parts: [] };
    byMac.set(mac, known);
    return known;
  };
  for (const entry of snapshot.neighbours) {
    if (entry.device !== link.master || !entry.permanent) continue;
    const known = at(entry.mac);
    known.address = entry.address;
    known.parts.push("neighbour");
  }
  for (const entry of snapshot.fdb) {
    if (entry.device !== link.name || entry.state !== "static") continue;
    const known = at(entry.mac);
    if (entry.master !== undefined) known.parts.push("bridge-fdb");
    else if (entry.destination !== undefined) {
      known.vtep = entry.destination;
      known.parts.push("tunnel-fdb");
    }
  }
  const entries = [...byMac].map(([mac, { address, vtep, parts }]): NeighbourEntry => {
    const complete = ALL_PARTS.every((part) => parts.includes(part));
    return complete ? { address, mac, vtep } : { address, mac, vtep, parts };
  });
  return sortEntries(entries);
}

function sortEntries(entries: NeighbourEntry[]): NeighbourEntry[] {
  return entries.sort((a, b) => (a.vtep < b.vtep ? -1 : a.vtep > b.vtep ? 1 : a.mac < b.mac ? -1 : a.mac > b.mac ? 1 : 0));
}
