import { evictMembers } from "./evict-members.ts";
import { executeBatch } from "./execute-batch.ts";
import type { HostSystem } from "./host-system.ts";
import { probeManagement, type ManagementEnds } from "../change/management-path.ts";
import { readSnapshot } from "../observe/read-snapshot.ts";
import { createToolHost } from "./tool-host.ts";
import type { StateDirectory } from "../state/state-directory.ts";

/** The machine (or the namespaces) this process runs in; `ends` are of the connection over which it is managed. */
export function createLocalSystem(state: StateDirectory, ends?: ManagementEnds): HostSystem {
  const tools = createToolHost(state);
  return {
    observe: (wish) => readSnapshot(state, ends, wish),
    ...(ends === undefined ? {} : { probeManagement: () => probeManagement(ends) }),
    evictMembers,
    execute: (batch) => executeBatch(batch, tools),
  };
}
