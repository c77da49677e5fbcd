import { isMarkedBy } from "../model/mark.ts";
import type { Command } from "../tools/index.ts";
import type { Snapshot, SnapshotOvsBridge, SnapshotOvsPort } from "../model/snapshot.ts";

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

/** Types whose packets are GRE (IP protocol 47); ERSPAN is GRE with a header of its own. */
export const OVS_GRE_TYPES: ReadonlySet<string> = new Set(["gre", "ip6gre", "erspan", "ip6erspan"]);

/** ovs-vswitchd.conf.db(5), options:dst_port. */
const DEFAULT_UDP_PORTS: Readonly<Record<string, number>> = { vxlan: 4789, geneve: 6081 };

/** UDP port on which a tunnel port listens; undefined for any other port. */
export function ovsUdpPortOf({ type, options }: SnapshotOvsPort): number | undefined {
  const written = options["dst_port"];
  return written === undefined ? DEFAULT_UDP_PORTS[type] : Number(written);
}

export const ovsUnseen = ({ ovs: database }: Snapshot): string | undefined =>
  database.state === "ready" ? undefined : `Open vSwitch: ${database.reason}`;
