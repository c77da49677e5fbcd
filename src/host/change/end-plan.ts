import { kindOf, observeResources } from "../../kinds/index.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { forgetUnused } from "../prepare/forget-unused.ts";
import type { HostSystem } from "../execute/host-system.ts";
import type { StateDirectory } from "../state/state-directory.ts";

interface Ended {
  planId: string;
  clusterUuid: string;
  system: HostSystem;
  state: StateDirectory;
}

/** Frees the host for the next plan. Where nothing of any cluster is left, our directory goes too. */
export async function endPlan({ planId, clusterUuid, system, state }: Ended, { mayClean }: { mayClean: boolean }): Promise<void> {
  const everything = mayClean && isClean(await system.observe(), clusterUuid);
  await state.reserve(false);
  await state.clearGuard(planId);
  if (mayClean) await forgetUnused(clusterUuid, state);
  // under the lock: another plan may begin as soon as it is free
  await state.clean(everything);
  await state.releaseLock(planId);
}

function isClean(snapshot: Snapshot, clusterUuid: string): boolean {
  const owned = [...observeResources(snapshot, clusterUuid).values()].filter((resource) => kindOf(resource).isOwned?.(resource) ?? true);
  const others = snapshot.links.some((link) => link.alias.startsWith("spanwire,"));
  return owned.length === 0 && !others && Object.keys(snapshot.former).length === 0;
}
