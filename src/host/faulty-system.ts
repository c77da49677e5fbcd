import type { Batch } from "../plan/batch-steps.ts";
import type { BatchResult, HostSystem } from "./host-system.ts";

/** Where a step fails: before anything ran, with only part of its batch done, or after all of it was done. */
export type FaultMoment = "before" | "inside" | "after";

/**
 * A host that fails at one step, for the tests that break every step once. `fault` is "vm2/add/3=inside" with the
 * host's name first; anything else leaves the system as it is.
 */
export function createFaultySystem(system: HostSystem, fault: string | undefined): HostSystem {
  const match = /^([^/]+)\/([a-z]+\/\d+)=(before|inside|after)$/.exec(fault ?? "");
  if (match === null || match[1] !== process.env["SPANWIRE_HOST_NAME"]) return system;
  return failAt(system, match[2] ?? "", match[3] as FaultMoment);
}

export function failAt(system: HostSystem, stepId: string, moment: FaultMoment): HostSystem {
  let isDone = false;
  return {
    observe: () => system.observe(),
    async execute(batch) {
      const position = batch.items.findLastIndex((item) => item.stepId === stepId);
      if (isDone || position < 0) return system.execute(batch);
      isDone = true; // once: the revert must not meet it again
      const part = cut(batch, position, moment);
      if (part.items.length > 0) {
        const result = await system.execute(part);
        if (!result.ok) return result;
      }
      return { ok: false, why: `injected fault ${moment} step ${stepId}`, notes: [] } satisfies BatchResult;
    },
  };
}

function cut(batch: Batch, position: number, moment: FaultMoment): Batch {
  const end = { before: 0, inside: position, after: batch.items.length }[moment];
  return { ...batch, items: batch.items.slice(0, end) };
}
