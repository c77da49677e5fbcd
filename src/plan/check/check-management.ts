import { familyOf, overlapsPrefix } from "../../net/prefix.ts";
import { kindOf, type Resource } from "../../kinds/index.ts";
import type { ManagementPath, Snapshot } from "../../model/snapshot.ts";
import type { Problem } from "../../model/problem.ts";
import type { Step } from "../../model/step.ts";

/**
 * Steps that change how a host answers whoever manages it: refused unless asked for by name. What is taken away counts as
 * much as what comes: an operator who reaches the host over a network of ours goes with it.
 */
export function checkManagement(host: string, { management }: Pick<Snapshot, "management">, steps: readonly Step[]): Problem[] {
  if (management === undefined) return [];
  return steps.flatMap(({ key, stage, before, after }): Problem[] => {
    const subject = after ?? before;
    const why = subject === null ? undefined : findTouch(subject, management);
    if (why === undefined) return [];
    return [
      {
        kind: "refused",
        doing: "planning",
        what: key,
        where: host,
        why: `it touches the way this host is managed: ${why}`,
        try: stage === "remove" ? REMOVE_ADVICE : ADVICE,
      },
    ];
  });
}

const ADVICE = "choose another subnet or device; or --allow-management-path, and the host goes back by itself when it cannot be reached";
/** That stage follows the confirm: nothing watches it any more. */
const REMOVE_ADVICE =
  "reach the host another way, by an address that is not of this network; or --allow-management-path, and nothing brings back what is removed";

function findTouch(resource: Resource, { peer, device, gateway, source, master }: ManagementPath): string | undefined {
  const { devices, prefixes = [] } = kindOf(resource).touches(resource);
  for (const prefix of prefixes) {
    const covered = [peer, gateway, source].find((address) => isIn(address, prefix));
    if (covered !== undefined) return `${covered} lies in ${prefix}`;
  }
  const touched = [device, master].find((name) => name !== undefined && devices.includes(name));
  return touched === undefined ? undefined : `${touched} carries it`;
}

function isIn(address: string | undefined, prefix: string): boolean {
  if (address === undefined || address === "" || familyOf(address) !== familyOf(prefix)) return false;
  return overlapsPrefix(`${address}/${familyOf(address) === 4 ? 32 : 128}`, prefix);
}
