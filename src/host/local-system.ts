import { evictMembers } from "./evict-members.ts";
import { executeBatch } from "./execute-batch.ts";
import type { HostSystem } from "./host-system.ts";
import { probeManagement } from "./management-path.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { StateDirectory } from "./state-directory.ts";

/** The machine (or the namespaces) this process runs in; `peer` is from where it is managed. */
export function createLocalSystem(state: StateDirectory, peer?: string): HostSystem {
  return {
    observe: () => readSnapshot(state, peer),
    ...(peer === undefined ? {} : { probeManagement: () => probeManagement(peer) }),
    evictMembers,
    execute: (batch) => executeBatch(batch, state),
  };
}
