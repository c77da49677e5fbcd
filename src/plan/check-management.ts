import { familyOf, networkOf, overlapsPrefix } from "../addressing/prefix.ts";
import type { Resource } from "../resources/resource.ts";
import type { ManagementPath, Snapshot } from "../resources/snapshot.ts";
import type { Problem } from "../util/problem.ts";
import type { Step } from "./step.ts";

/**
 * Steps that change how a host answers whoever manages it: refused unless asked for by name, and then only what the host
 * itself takes back when it is not confirmed.
 */
export function checkManagement(host: string, { management }: Pick<Snapshot, "management">, steps: readonly Step[]): Problem[] {
  if (management === undefined) return [];
  return steps.flatMap(({ key, after }): Problem[] => {
    const why = after === null ? undefined : findTouch(after, management);
    if (why === undefined) return [];
    return [
      {
        kind: "refused",
        doing: "planning",
        what: key,
        where: host,
        why: `it touches the way this host is managed: ${why}`,
        try: "choose another subnet or device; or --allow-management-path, and the host goes back by itself when it cannot be reached",
      },
    ];
  });
}

function findTouch(after: Resource, { peer, device, gateway, source, master }: ManagementPath): string | undefined {
  const prefix = after.kind === "address" ? networkOf(after.cidr) : after.kind === "route" ? after.destination : undefined;
  const covered = prefix === undefined ? undefined : [peer, gateway, source].find((address) => isIn(address, prefix));
  if (covered !== undefined) return `${covered} lies in ${prefix}`;
  const touched = [device, master].find((name) => name !== undefined && namesOf(after).includes(name));
  return touched === undefined ? undefined : `${touched} carries it`;
}

function isIn(address: string | undefined, prefix: string): boolean {
  if (address === undefined || address === "" || familyOf(address) !== familyOf(prefix)) return false;
  return overlapsPrefix(`${address}/${familyOf(address) === 4 ? 32 : 128}`, prefix);
}

/** Devices a resource makes, changes, or takes. */
function namesOf(resource: Resource): string[] {
  return (["name", "device", "bridge"] as const).flatMap((field) =>
    field in resource ? String((resource as unknown as Record<string, unknown>)[field]) : [],
  );
}
