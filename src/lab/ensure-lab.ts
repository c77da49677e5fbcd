import { SpanwireError } from "../model/problem.ts";
import { describeShape, isSameShape, resolveLab } from "./lab-shape.ts";
import { findLab, isBusy, type LabState } from "./lab-state.ts";
import { readLabStatus } from "./lab-status.ts";
import { startLab, type StartLabOptions } from "./start-lab.ts";
import { stopLab } from "./stop-lab.ts";

export interface EnsuredLab {
  lab: LabState;
  /** `restarted`: a broken one was removed first. */
  outcome: "started" | "already-up" | "restarted";
}

/** Makes sure that a lab of the wished shape is up, whatever was there before. */
export async function ensureLab(options: StartLabOptions = {}): Promise<EnsuredLab> {
  const wished = resolveLab(options);
  const existing = findLab(wished.runId);
  if (existing === undefined) return { lab: await startLab(options), outcome: "started" };
  if (isBusy(existing))
    throw conflict(wished.runId, `process ${existing.owner.pid} is ${existing.phase} it right now`, "wait for it to end");
  if ((await readLabStatus(wished.runId)).state === "broken") {
    options.onProgress?.("removing a broken lab of that name");
    await stopLab(wished.runId);
    return { lab: await startLab(options), outcome: "restarted" };
  }
  if (isSameShape(existing, wished)) return { lab: existing, outcome: "already-up" };
  const why = `it is up with another shape (${describeShape(existing)}; asked for: ${describeShape(wished)})`;
  throw conflict(wished.runId, why, `remove it with \`spanwire lab down --run ${wished.runId}\`, or choose another name with --run`);
}

function conflict(runId: string, why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind: "conflict", doing: "starting the lab", what: runId, where: "", why, try: advice });
}
