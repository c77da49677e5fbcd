import { prefixSize } from "../net/prefix.ts";
import type { Batch } from "./batch-steps.ts";

/** A process of its own, on a busy machine. */
const PROCESS_MS = 5_000;
/** ovs-vsctl waits so long for ovs-vswitchd (src/host/execute/execute-batch.ts). */
const OVS_MS = 20_000;
/** One line of a batch file; measured 0.03 ms, on slow machines ten times that. */
const LINE_MS = 0.3;
/** One call of the Engine API; creating a network takes 0.1 s on an idle machine. */
const DOCKER_MS = 15_000;
/** The sweep asks 128 addresses in 400 ms on a busy host, of at most 2048 (src/host/execute/sweep-range.ts). */
const SWEEP_MS_PER_ADDRESS = 400 / 128;
const SWEPT_ADDRESSES = 2048;

/** How long a batch may take before the host may believe that it hangs. Generous: the cost of waiting is small. */
export function estimateBatchMs({ tool, items }: Batch): number {
  if (tool !== "docker") return Math.ceil(PROCESS_MS + (tool === "ovs" ? OVS_MS : 0) + items.length * LINE_MS);
  return items.reduce((sum, { command }) => {
    const swept =
      command.tool === "docker" && command.op === "create-network" ? Math.min(Number(prefixSize(command.sweep.range)), SWEPT_ADDRESSES) : 0;
    return sum + DOCKER_MS + Math.ceil(swept * SWEEP_MS_PER_ADDRESS);
  }, 0);
}
