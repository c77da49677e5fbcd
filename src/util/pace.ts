import { performance } from "node:perf_hooks";

/** Node's own bootstrap, before any file of ours: 25 to 30 ms measured, some 100 ms on a busy machine. */
const ORDINARY_MS = 100;
/** Waiting even longer would look like hanging. */
const MOST = 20;

/**
 * How many times slower than usual this host is right now, judged by the start of this very process; 1 on an ordinary
 * machine. What is waited for is stretched by it: under software emulation a probe needs twenty seconds to get ready and
 * a reply passes several starved processes, and a limit that is right there would make everybody else wait.
 */
export const PACE = findPace(performance.nodeTiming.bootstrapComplete - performance.nodeTiming.nodeStart);

export function findPace(startMs: number): number {
  return Math.min(MOST, Math.max(1, startMs / ORDINARY_MS));
}
