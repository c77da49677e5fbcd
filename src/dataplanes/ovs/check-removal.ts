import { isMarkedBy } from "../../model/mark.ts";
import type { Problem } from "../../model/problem.ts";
import type { PreflightInput } from "../dataplane.ts";

/** An OVS bridge takes all its ports along when it goes, also those that somebody else put there. */
export function checkRemoval({ host, clusterUuid, snapshot: { ovs }, steps }: Omit<PreflightInput, "networks" | "facts">): Problem[] {
  if (ovs.state !== "ready") return [];
  return steps.flatMap((step): Problem[] => {
    if (step.before?.kind !== "ovs-bridge" || (step.action !== "remove" && step.action !== "replace")) return [];
    const bridge = step.before.name;
    const guests = ovs.ports
      .filter((port) => port.bridge === bridge && port.name !== bridge && !isMarkedBy(port.mark, clusterUuid))
      .map((port) => port.name);
    if (guests.length === 0) return [];
    return [
      {
        kind: "refused",
        doing: step.action === "remove" ? "removing" : "replacing",
        what: step.label,
        where: host.name,
        why: `it has ports that are not ours and would go with it: ${guests.join(", ")}`,
        try: `take them out: ovs-vsctl del-port ${bridge} ${guests[0]}`,
      },
    ];
  });
}
