import { keyOf, kindOf } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import { forwardingKey } from "../../kinds/sysctl-keys.ts";
import { familyOf, networkOf } from "../../net/prefix.ts";
import { planHost } from "../compare/plan-host.ts";
import type { Step } from "../../model/step.ts";

/** What one cluster wants of this host once a plan is confirmed: enough to build it again after a reboot, alone. */
export interface RestorePoint {
  clusterUuid: string;
  /** This host's underlay address. */
  address: string;
  planId: string;
  resources: readonly Resource[];
}

/**
 * The host as it will be after `steps`, in the order it must be built: what is ours already, changed as the steps say.
 * `known` is the former point, whose words for a thing that has not changed are kept.
 */
export function deriveRestorePoint(
  initial: ReadonlyMap<string, Resource>,
  steps: readonly Step[],
  known: readonly Resource[] = [],
): Resource[] {
  const wanted = new Map<string, Resource>();
  const former = new Map(known.map((resource) => [keyOf(resource), resource]));
  for (const [key, resource] of initial) {
    if (kindOf(resource).isOwned?.(resource) === false) continue;
    const same = former.get(key);
    wanted.set(
      key,
      same !== undefined && kindOf(same).compare(same, resource).length === 0 ? same : (kindOf(resource).asDesired?.(resource) ?? resource),
    );
  }
  for (const { key, after, wanted: whole } of steps) {
    if (after === null) wanted.delete(key);
    else wanted.set(key, whole ?? after);
  }
  dropOrphans(wanted);
  for (const family of forwardedFamilies([...wanted.values()])) {
    const forward = initial.get(`sysctl/${forwardingKey(family)}`);
    if (forward !== undefined && !wanted.has(keyOf(forward))) wanted.set(keyOf(forward), forward);
  }
  // a container's port comes with its container
  return [...wanted.values()].filter((resource) => kindOf(resource).isTransient !== true);
}

/** What differs from a point. What is there as soon as its device is, and empty, no plan ever had a step for. */
export function planToPoint(resources: readonly Resource[], observed: ReadonlyMap<string, Resource>): Step[] {
  const wanted = new Set(resources.map(keyOf));
  const empty = [...observed].flatMap(([key, resource]) => (!wanted.has(key) && kindOf(resource).isEmpty?.(resource) ? [resource] : []));
  return planHost([...resources, ...empty], observed);
}

/** What went with the device it belonged to has no step of its own. */
function dropOrphans(wanted: Map<string, Resource>): void {
  const isOrphan = (resource: Resource): boolean => {
    const owner = kindOf(resource).diesWith?.(resource) ?? "";
    return owner !== "" && !wanted.has(owner);
  };
  for (;;) {
    const orphans = [...wanted].filter(([, resource]) => isOrphan(resource));
    if (orphans.length === 0) return;
    for (const [key] of orphans) wanted.delete(key);
  }
}

/** What somebody else had switched on when we came, perhaps only until the next reboot. */
function forwardedFamilies(resources: readonly Resource[]): Set<4 | 6> {
  const masquerades = resources.some(
    (resource) => resource.kind === "nft-table" && resource.chains.some((chain) => chain.type === "nat" && chain.rules.length > 0),
  );
  const prefixes = resources.flatMap((resource) => {
    if (resource.kind === "route") return [resource.destination];
    return masquerades && resource.kind === "address" ? [networkOf(resource.cidr)] : [];
  });
  return new Set(prefixes.map(familyOf));
}
