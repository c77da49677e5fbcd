import { CLUSTER_LABEL } from "../model/mark.ts";
import { claimAlias } from "../model/mark.ts";
import type { Snapshot, SnapshotOvsPort } from "../model/snapshot.ts";

/**
 * Links without any alias that are ours all the same get the cluster's alias, so that every kind sees them. They come
 * about in two ways: Docker makes a missing bridge again by itself, and the kernel takes an alias only after a link was
 * made, so a batch can fail in between. The proof is the name: our Docker network names the bridge, or `names` holds
 * it, a hash over the cluster's UUID.
 */
export function claimLinks(snapshot: Snapshot, clusterUuid: string, names: ReadonlySet<string>): Snapshot {
  const named = new Set([...names, ...bridgesOfDocker(snapshot, clusterUuid)].filter((name) => name.startsWith("spw")));
  const mark = claimAlias(clusterUuid);
  const { ovs } = snapshot;
  return {
    ...snapshot,
    links: snapshot.links.map((link) => (link.alias === "" && named.has(link.name) ? { ...link, alias: mark } : link)),
    ovs: ovs.state === "ready" ? { ...ovs, bridges: claimRows(ovs.bridges, named, mark), ports: claimPorts(ovs.ports, named, mark) } : ovs,
  };
}

function claimRows<Row extends { name: string; mark: string }>(rows: readonly Row[], named: ReadonlySet<string>, mark: string): Row[] {
  return rows.map((row) => (row.mark === "" && named.has(row.name) ? { ...row, mark } : row));
}

/** A bridge's own port has its name, and is part of it. */
const claimPorts: typeof claimRows<SnapshotOvsPort> = (ports, named, mark) =>
  ports.flatMap((port) => (port.name === port.bridge ? [port] : claimRows([port], named, mark)));

function bridgesOfDocker({ docker }: Snapshot, clusterUuid: string): string[] {
  if (docker.state !== "ready") return [];
  return docker.networks
    .filter((network) => network.labels[CLUSTER_LABEL] === clusterUuid)
    .flatMap((network) => network.options["com.docker.network.bridge.name"] ?? []);
}
