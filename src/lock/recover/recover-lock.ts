import { containsPrefix, networkOf } from "../../net/prefix.ts";
import { findMark } from "../../model/mark.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Cluster, Network } from "../../model/cluster.ts";
import { deriveVni } from "../derive-vni.ts";
import type { Lock, LockedHost, LockedNetwork } from "../../model/lock.ts";
import { SpanwireError } from "../../model/problem.ts";
import { findTunnels, recoverShape } from "./recover-ovs.ts";

/**
 * A lost lock, rebuilt from the marks its hosts carry. Undefined when no host carries this cluster's name. Two ids, or
 * two hosts with one number, are refused: guessing would renumber running containers.
 */
export function recoverLock(cluster: Cluster, snapshots: ReadonlyMap<string, Snapshot>): Lock | undefined {
  const found = [...snapshots].flatMap(([host, snapshot]) =>
    snapshot.links.flatMap((link) => {
      const mark = findMark(link.alias);
      return mark !== undefined && mark.cluster === cluster.name ? [{ host, link, mark }] : [];
    }),
  );
  const uuid = found[0]?.mark.uuid;
  if (uuid === undefined) return undefined;
  const stranger = found.find(({ mark }) => mark.uuid !== uuid);
  if (stranger !== undefined)
    throw refuse(cluster, stranger.host, `it carries id ${stranger.mark.uuid}, ${found[0]?.host} carries ${uuid}`);

  const hosts: Record<string, LockedHost> = {};
  const networks: Record<string, LockedNetwork> = {};
  const owners = new Map<number, string>();
  const ovsTunnels = findTunnels(snapshots, (mark) => mark.uuid === uuid);
  for (const { host, link, mark } of found) {
    const owner = owners.get(mark.index) ?? host;
    if (owner !== host) throw refuse(cluster, host, `it claims number ${mark.index}, and so does ${owner}`);
    owners.set(mark.index, host);
    const declared = cluster.hosts.find((candidate) => candidate.name === host);
    hosts[host] = { index: mark.index, address: declared?.address ?? "", ssh: declared?.ssh ?? "" };
    const network = cluster.networks.find((candidate) => candidate.name === mark.network);
    const tunnels = ovsTunnels.get(mark.network);
    // what is marked beside the bridge is what joins it to the tunnels, a VXLAN device or a port of Open vSwitch
    if (network === undefined || link.kind === "bridge") continue;
    const before = networks[mark.network];
    const overlay = findOverlay(network, mark.slice, snapshots.get(host)) ?? before?.overlay;
    networks[mark.network] = {
      subnet: network.subnet,
      // a network without a key has a number all the same, the one it got at first
      vni: link.vxlan?.vni ?? tunnels?.key ?? before?.vni ?? deriveVni(uuid, network.name, new Map()),
      ...(overlay === undefined ? {} : { overlay }),
      mtuBytes: link.mtuBytes,
      slicePrefix: Number(mark.slice.split("/")[1]),
      slices: { ...before?.slices, [host]: mark.slice },
    };
  }
  const numbered = Object.keys(hosts).toSorted((a, b) => (hosts[a]?.index ?? 0) - (hosts[b]?.index ?? 0));
  for (const { name, dataplane } of cluster.networks) {
    const locked = networks[name];
    const tunnels = ovsTunnels.get(name);
    if (locked === undefined || tunnels === undefined || dataplane.type !== "ovs") continue;
    networks[name] = { ...locked, shape: recoverShape(dataplane, tunnels, cluster, numbered) };
  }
  return { version: 1, cluster: cluster.name, uuid, hosts, networks, removedHosts: {} };
}

/** The prefix of the hosts' overlay addresses: the bridge has one of them beside its gateway address. */
function findOverlay(network: Network, slice: string, snapshot: Snapshot | undefined): string | undefined {
  if (network.addressing.mode !== "per-host") return undefined;
  const bridges = new Set(
    snapshot?.links.filter((link) => link.kind === "bridge" && findMark(link.alias)?.slice === slice).map((link) => link.name),
  );
  const own = snapshot?.addresses.find(
    ({ device, cidr }) => bridges.has(device) && containsPrefix(network.subnet, networkOf(cidr)) && !containsPrefix(slice, networkOf(cidr)),
  );
  return own === undefined ? undefined : networkOf(own.cidr);
}

function refuse(cluster: Cluster, host: string, why: string): SpanwireError {
  return new SpanwireError({
    kind: "conflict",
    doing: "rebuilding the lock of",
    what: `cluster ${cluster.name}`,
    where: host,
    why,
    try: "restore the lock file from version control",
  });
}
