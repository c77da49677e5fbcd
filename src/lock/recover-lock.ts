import type { RecoverInput } from "../dataplanes/dataplane.ts";
import { containsPrefix, networkOf } from "../net/prefix.ts";
import { findMark, type Mark } from "../model/mark.ts";
import type { Snapshot, SnapshotLink } from "../model/snapshot.ts";
import type { Cluster, Network } from "../model/cluster.ts";
import type { DataplanePin, Lock, LockedHost, LockedNetwork } from "../model/lock.ts";
import { SpanwireError } from "../model/problem.ts";
import { DATAPLANES, getDataplane } from "../dataplanes/index.ts";

/**
 * A lost lock, rebuilt from the marks its hosts carry. Undefined when no host carries this cluster's name. Two ids, or
 * two hosts with one number, are refused: guessing would renumber running containers.
 */
export function recoverLock(cluster: Cluster, snapshots: ReadonlyMap<string, Snapshot>): Lock | undefined {
  const found = [...snapshots].flatMap(([host, snapshot]): MarkedLink[] =>
    snapshot.links.flatMap((link) => {
      const mark = findMark(link.alias);
      return mark?.cluster === cluster.name ? [{ host, link, mark }] : [];
    }),
  );
  const uuid = found[0]?.mark.uuid;
  if (uuid === undefined) return undefined;
  const stranger = found.find(({ mark }) => mark.uuid !== uuid);
  if (stranger !== undefined)
    throw refuse(cluster, stranger.host, `it carries id ${stranger.mark.uuid}, ${found[0]?.host} carries ${uuid}`);

  const hosts = recoverHosts(cluster, found);
  const numbered = Object.keys(hosts).toSorted((a, b) => (hosts[a]?.index ?? 0) - (hosts[b]?.index ?? 0));
  const hostOf = new Map(cluster.hosts.map((host) => [host.address, host.name]));
  const networks = cluster.networks.flatMap((network) => {
    const links = found.filter(({ mark }) => mark.network === network.name);
    const dataplane = recoverPin({ network, uuid, hostOf, hosts: numbered, snapshots });
    const locked = dataplane === undefined ? undefined : recoverNetwork(network, dataplane, links, snapshots);
    return locked === undefined ? [] : [[network.name, locked] as const];
  });
  return { version: 2, cluster: cluster.name, uuid, hosts, networks: Object.fromEntries(networks), removedHosts: {} };
}

function recoverHosts(cluster: Cluster, found: readonly MarkedLink[]): Record<string, LockedHost> {
  const hosts: Record<string, LockedHost> = {};
  const owners = new Map<number, string>();
  for (const { host, mark } of found) {
    const owner = owners.get(mark.index) ?? host;
    if (owner !== host) throw refuse(cluster, host, `it claims number ${mark.index}, and so does ${owner}`);
    owners.set(mark.index, host);
    const declared = cluster.hosts.find((candidate) => candidate.name === host);
    hosts[host] = { index: mark.index, address: declared?.address ?? "", ssh: declared?.ssh ?? "" };
  }
  return hosts;
}

/** Of the plane that the file asks for, or else of the one that stands. */
function recoverPin(input: RecoverInput): DataplanePin | undefined {
  const planes = [getDataplane(input.network.dataplane), ...DATAPLANES.values()];
  for (const plane of planes) {
    const pin = plane.recover(input);
    if (pin !== undefined) return pin;
  }
  return undefined;
}

function recoverNetwork(
  network: Network,
  dataplane: DataplanePin,
  found: readonly MarkedLink[],
  snapshots: ReadonlyMap<string, Snapshot>,
): LockedNetwork | undefined {
  // what is marked beside the bridge joins it to the others' and holds the MTU; a routed network has the bridge alone
  const tunnels = found.filter(({ link }) => link.kind !== "bridge");
  const marked = tunnels.length > 0 ? tunnels : found;
  const last = marked.at(-1);
  if (last === undefined) return undefined;
  const addressing = findAddressing(network, last, snapshots.get(last.host));
  const overlays = addressing === "slices" ? [] : marked;
  const overlay = overlays
    .map(({ host, mark }) => findOverlay(network, mark.slice, snapshots.get(host)))
    .findLast((one) => one !== undefined);
  return {
    subnet: network.subnet,
    dataplane,
    addressing,
    ...(overlay === undefined ? {} : { overlay }),
    mtuBytes: last.link.mtuBytes,
    slicePrefix: Number(last.mark.slice.split("/")[1]),
    slices: Object.fromEntries(marked.map(({ host, mark }) => [host, mark.slice])),
  };
}

interface MarkedLink {
  host: string;
  link: SnapshotLink;
  mark: Mark;
}

/** With per-host addressing the gateway address has the length of the slice, else that of the network. */
function findAddressing({ subnet }: Network, { mark }: MarkedLink, snapshot: Snapshot | undefined): LockedNetwork["addressing"] {
  const isApart = mark.slice !== subnet && snapshot?.addresses.some(({ cidr }) => networkOf(cidr) === mark.slice);
  return isApart === true ? "per-host" : "slices";
}

/** The prefix of the hosts' overlay addresses: the bridge has one of them beside its gateway address. */
function findOverlay(network: Network, slice: string, snapshot: Snapshot | undefined): string | undefined {
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
