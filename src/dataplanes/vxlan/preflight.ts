import type { Problem } from "../../model/problem.ts";
import type { PreflightInput } from "../dataplane.ts";

/** The kernel takes a VNI and port once: also while our own old one stands beside the new. */
export function preflightVxlan({ host, networks, steps }: PreflightInput): Problem[] {
  const leaving = steps.flatMap((step) => (step.action === "remove" && step.before?.kind === "vxlan" ? [step.before] : []));
  return steps.flatMap(({ action, after }): Problem[] => {
    if (action !== "add" || after?.kind !== "vxlan") return [];
    if (!leaving.some((before) => before.vni === after.vni && before.port === after.port)) return [];
    const network = networks.find((candidate) => candidate.bridge === after.bridge)?.name ?? "";
    return [
      {
        kind: "conflict",
        doing: "preparing",
        what: `network ${network}`,
        where: host.name,
        why: `VNI ${after.vni} on UDP port ${after.port} is still held by a network of ours that this plan only takes away at its end`,
        try: "set another vni, or apply the removal first and the addition afterwards",
      },
    ];
  });
}
