import { executeBatch } from "./execute-batch.ts";
import type { HostSystem } from "./host-system.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { StateDirectory } from "./state-directory.ts";

/** The machine (or the namespaces) this process runs in. */
export function createLocalSystem(state: StateDirectory): HostSystem {
  return {
    observe: () => readSnapshot(state),
    execute: (batch) => executeBatch(batch, state),
  };
}
