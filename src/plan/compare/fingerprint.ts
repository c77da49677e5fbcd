import { createHash } from "node:crypto";
import { keyOf, kindOf } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import type { HostFacts } from "../../model/host-state.ts";

/**
 * What a plan for this host was made from: our own objects and the facts it used. Containers, counters and learned
 * entries are no part of it, so they never make a saved plan stale.
 */
export function fingerprintHost(observed: ReadonlyMap<string, Resource>, facts: HostFacts): string {
  const ours = [...observed.values()]
    // a setting of the host is a fact the plan used also while it is not ours: its value is what will be given back
    .filter((resource) => kindOf(resource).isFact === true || (kindOf(resource).isOwned?.(resource) ?? true))
    .map((resource) => ({ key: keyOf(resource), ...(kindOf(resource).asSettled?.(resource) ?? resource), network: undefined }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const used = { mtu: facts.underlayMtuBytes, device: facts.underlayDevice, lost: facts.lostPorts, userspace: facts.isUnderlayInUserspace };
  return createHash("sha256").update(JSON.stringify({ ours, used })).digest("hex");
}
