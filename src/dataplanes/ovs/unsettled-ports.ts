import type { Snapshot, SnapshotOvsPort } from "../../model/snapshot.ts";
import type { Step } from "../../model/step.ts";

/** A spanning tree decides in seconds (RSTP) or half a minute (STP) which of its ports forward. */
export function settlingOf(steps: readonly Step[]): ((snapshot: Snapshot) => string[]) | undefined {
  const bridges = treesOf(steps);
  return bridges.length === 0 ? undefined : (snapshot) => unsettledPorts(snapshot, bridges);
}

/** OVS bridges with a spanning tree that these steps leave on a host, because they make or change something of them. */
function treesOf(steps: readonly Step[]): string[] {
  const bridges = steps.flatMap(({ after }) => {
    if (after?.kind === "ovs-bridge") return after.spanningTree === "none" ? [] : [after.name];
    return after?.kind === "ovs-tunnel" && after.bfd ? [after.bridge] : [];
  });
  return [...new Set(bridges)];
}

/** Tunnels whose place in the tree is not decided yet: they neither forward nor are meant to stay blocked. */
function unsettledPorts(snapshot: Pick<Snapshot, "ovs">, bridges: readonly string[]): string[] {
  if (snapshot.ovs.state !== "ready") return [...bridges];
  return snapshot.ovs.ports
    .filter((port) => bridges.includes(port.bridge) && port.options["remote_ip"] !== undefined && !isSettled(port))
    .map((port) => port.name);
}

/** Words of ovs-vswitchd.conf.db(5), table Port, "status: stp_state" and "rstp_status: rstp_port_role". */
function isSettled({ status }: SnapshotOvsPort): boolean {
  const role = status["rstp_port_role"];
  if (role !== undefined) return status["rstp_port_state"] === "Forwarding" || role === "Alternate" || role === "Backup";
  return status["stp_state"] === "forwarding" || status["stp_state"] === "blocking";
}
