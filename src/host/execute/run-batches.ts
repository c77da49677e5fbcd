import { estimateBatchMs, type Batch } from "../../plan/compare/batch-steps.ts";
import type { HostSystem } from "./host-system.ts";
import { PATIENCE } from "../../util/patience.ts";
import type { StateDirectory } from "../state/state-directory.ts";

export interface BatchesResult {
  /** Why the first batch that failed did; the rest did not run, unless all were to be tried. */
  failure: string | undefined;
  notes: string[];
}

export interface BatchRun {
  planId: string;
  /** A stage, "revert", or "restore". */
  phase: string;
  system: HostSystem;
  state: StateDirectory;
  /** Going back: what fails holds up nothing else, and of a batch that failed each step is tried alone. An observation follows. */
  tryAll?: boolean;
  /** Hears before each batch how long it may take, and 0 after it. */
  onBatch?: (estimateMs: number) => void;
}

/** Intent before each batch, result after it. */
export async function runBatches(batches: readonly Batch[], run: BatchRun): Promise<BatchesResult> {
  const { planId, phase, system, state, onBatch } = run;
  const notes: string[] = [];
  let failure: string | undefined;
  for (const [index, batch] of batches.entries()) {
    const steps = [...new Set(batch.items.map((item) => item.stepId))];
    state.append(planId, { event: "intent", phase, batch: index, tool: batch.tool, steps });
    onBatch?.(Math.ceil(estimateBatchMs(batch) * PATIENCE)); // tools are waited for as long
    const result = await system.execute(batch);
    onBatch?.(0);
    state.append(planId, { event: "result", phase, batch: index, ok: result.ok, why: result.why });
    notes.push(...result.notes);
    if (result.ok) continue;
    failure ??= result.why;
    if (run.tryAll !== true) break;
    if (steps.length > 1)
      await runBatches(
        steps.map((step) => onlyStep(batch, step)),
        run,
      );
  }
  return { failure, notes };
}

const onlyStep = (batch: Batch, stepId: string): Batch => ({ ...batch, items: batch.items.filter((item) => item.stepId === stepId) });
