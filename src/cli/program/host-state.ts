import { withAudit } from "../../host/state/audit-log.ts";
import type { HostSystem } from "../../host/execute/host-system.ts";
import { createLocalSystem } from "../../host/execute/local-system.ts";
import type { ManagementEnds } from "../../host/change/management-path.ts";
import { DEFAULT_STATE_DIRECTORY, openStateDirectory, type StateDirectory } from "../../host/state/state-directory.ts";

export interface OpenHost {
  root: string;
  state: StateDirectory;
  system: HostSystem;
}

/** The host this process runs on, for every program that acts on it. */
export function openHost(ends?: ManagementEnds): OpenHost {
  const root = process.env["SPANWIRE_STATE_DIR"] ?? DEFAULT_STATE_DIRECTORY;
  const state = withAudit(openStateDirectory(root), root);
  return { root, state, system: createLocalSystem(state, ends) };
}
