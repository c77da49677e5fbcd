import { createHash } from "node:crypto";
import type { Cluster } from "../model/cluster.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { underlayOf } from "../plan/host-state.ts";

/**
 * The identity of a cluster that has no lock yet: from its name and its machines, which the MACs of their underlay
 * devices tell from others with the same addresses. So a plan shows the identifiers that an apply then uses. A UUID of
 * version 8 (RFC 9562, 5.8).
 */
export function deriveUuid({ name, hosts }: Pick<Cluster, "name" | "hosts">, snapshots: ReadonlyMap<string, Snapshot>): string {
  const machines = hosts.map((host) => {
    const snapshot = snapshots.get(host.name);
    const device = snapshot === undefined ? undefined : underlayOf(snapshot, host.address).device;
    return [host.name, host.address, snapshot?.links.find((link) => link.name === device)?.mac ?? ""];
  });
  const hex = createHash("sha256")
    .update(JSON.stringify([name, machines]))
    .digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(18, 20)}`, hex.slice(20, 32)].join("-");
}
