import type { Command } from "../tools/index.ts";
import type { SnapshotLink } from "../model/snapshot.ts";

/** How a port of the Linux bridge behaves that leads to other hosts (bridge(8), "bridge link set"). */
interface PortFlags {
  name: string;
  flooding: boolean;
  isolated: boolean;
  neighSuppress?: boolean;
}

/**
 * All flags in one line, so no frame meets half of them. A port that stops flooding also forgets whom it led to (IFLA_BRPORT_FLUSH, static
 * entries stay): unicast would go on over it until the port is removed, and be lost where the other end removed its own first.
 */
export function portFlags({ name, flooding, isolated, neighSuppress = false }: PortFlags): Command {
  const flood = onOff(flooding);
  return {
    tool: "ip",
    args: [
      ...["link", "set", "dev", name, "type", "bridge_slave", "isolated", onOff(isolated)],
      ...["neigh_suppress", onOff(neighSuppress), "flood", flood, "mcast_flood", flood, "bcast_flood", flood],
      ...(flooding ? [] : ["fdb_flush"]),
    ],
  };
}

/** Unknown unicast, multicast and broadcast: all three, or it does not count. */
export function floods(link: SnapshotLink | undefined): boolean {
  return link?.port !== undefined && link.port.flood && link.port.bcastFlood && link.port.mcastFlood;
}

const onOff = (value: boolean): string => (value ? "on" : "off");
