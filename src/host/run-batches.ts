import type { Batch } from "../plan/batch-steps.ts";
import { estimateBatchMs } from "../plan/estimate-batch.ts";
import type { HostSystem } from "./host-system.ts";
import type { StateDirectory } from "./state-directory.ts";

export interface BatchesResult {
  /** Why the first batch that failed did; the rest did not run. */
  failure: string | undefined;
  notes: string[];
}

export interface BatchRun {
  planId: string;
  /** A stage, "revert", or "restore". */
  phase: string;
  system: HostSystem;
  state: StateDirectory;
  /** Hears before each batch how long it may take, and 0 after it. */
  onBatch?: (estimateMs: number) => void;
}

/** Intent before each batch, result after it; the first that fails ends the run. */
export async function runBatches(batches: readonly Batch[], { planId, phase, system, state, onBatch }: BatchRun): Promise<BatchesResult> {
  const notes: string[] = [];
  for (const [index, batch] of batches.entries()) {
    const steps = [...new Set(batch.items.map((item) => item.stepId))];
    state.append(planId, { event: "intent", phase, batch: index, tool: batch.tool, steps });
    onBatch?.(estimateBatchMs(batch));
    const result = await system.execute(batch);
    onBatch?.(0);
    state.append(planId, { event: "result", phase, batch: index, ok: result.ok, why: result.why });
    notes.push(...result.notes);
    if (!result.ok) return { failure: result.why, notes };
  }
  return { failure: undefined, notes };
}
