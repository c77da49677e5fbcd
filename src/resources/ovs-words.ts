import { isMarkedBy } from "./mark.ts";
import type { Command } from "./resource.ts";
import type { Snapshot, SnapshotOvsBridge, SnapshotOvsPort } from "./snapshot.ts";

/** Where our mark stands in a database row: external_ids are for such purposes (ovs-vswitchd.conf.db(5), "Common Columns"). */
const MARK_COLUMN = "external_ids:spanwire";

/** ovs-vsctl(8), "Database Values": a string with characters of its own syntax stands in double quotes. */
export function setting(column: string, value: string): string {
  return `${column}=${JSON.stringify(value)}`;
}

export function markSetting(mark: string): string {
  return setting(MARK_COLUMN, mark);
}

/** Several commands with `--` between them are one that is never torn apart. */
export function ovs(...args: readonly string[]): Command {
  return { tool: "ovs", args };
}

export function ourOvsBridges(snapshot: Snapshot, clusterUuid: string): SnapshotOvsBridge[] {
  if (snapshot.ovs.state !== "ready") return [];
  return snapshot.ovs.bridges.filter((bridge) => isMarkedBy(bridge.mark, clusterUuid));
}

/** Not a bridge's local port, which has the bridge's name and comes and goes with it. */
export function ourOvsPorts(snapshot: Snapshot, clusterUuid: string): SnapshotOvsPort[] {
  if (snapshot.ovs.state !== "ready") return [];
  return snapshot.ovs.ports.filter((port) => port.name !== port.bridge && isMarkedBy(port.mark, clusterUuid));
}
