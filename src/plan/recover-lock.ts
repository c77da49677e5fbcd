import { findMark } from "../resources/mark.ts";
import type { Snapshot } from "../resources/snapshot.ts";
import type { Cluster } from "../spec/cluster.ts";
import type { Lock, LockedHost, LockedNetwork } from "../spec/lock.ts";
import { SpanwireError } from "../util/problem.ts";

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
  for (const { host, link, mark } of found) {
    const owner = owners.get(mark.index) ?? host;
    if (owner !== host) throw refuse(cluster, host, `it claims number ${mark.index}, and so does ${owner}`);
    owners.set(mark.index, host);
    const declared = cluster.hosts.find((candidate) => candidate.name === host);
    hosts[host] = { index: mark.index, address: declared?.address ?? "", ssh: declared?.ssh ?? "" };
    const network = cluster.networks.find((candidate) => candidate.name === mark.network);
    if (network === undefined || link.vxlan === undefined) continue;
    const before = networks[mark.network];
    networks[mark.network] = {
      subnet: network.subnet,
      vni: link.vxlan.vni,
      mtuBytes: link.mtuBytes,
      slicePrefix: Number(mark.slice.split("/")[1]),
      slices: { ...before?.slices, [host]: mark.slice },
    };
  }
  return { version: 1, cluster: cluster.name, uuid, hosts, networks, removedHosts: {} };
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
