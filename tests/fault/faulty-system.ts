import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Batch } from "../../src/plan/compare/batch-steps.ts";
import type { HostSystem } from "../../src/host/execute/host-system.ts";
import type { BatchResult } from "../../src/tools/tool.ts";

/** Where a step fails: before anything ran, with only part of its batch done, or after all of it was done. */
export type FaultMoment = "before" | "inside" | "after";

/**
 * What happens there. `fail`: the batch fails. `kill`: this process dies without a word. `pause`: it waits until somebody
 * takes the file `paused` beside the state directory away (a test, which does something meanwhile), then goes on.
 * `fill`: the state directory's disk is full from now on.
 */
type FaultAct = "fail" | "kill" | "pause" | "fill";

/**
 * A host that fails at one step, for the tests that break every step once. `fault` is "vm2/add/3=inside" or
 * "vm2/add/3=inside:kill" with the host's name first; anything else leaves the system as it is.
 */
export function createFaultySystem(system: HostSystem, fault: string | undefined): HostSystem {
  const match = /^([^/]+)\/([a-z]+\/\d+)=(before|inside|after)(?::(fail|kill|pause|fill))?$/.exec(fault ?? "");
  if (match === null || match[1] !== process.env["SPANWIRE_HOST_NAME"]) return system;
  return failAt(system, match[2] ?? "", match[3] as FaultMoment, (match[4] ?? "fail") as FaultAct);
}

export function failAt(system: HostSystem, stepId: string, moment: FaultMoment, act: FaultAct = "fail"): HostSystem {
  let isDone = false;
  return {
    ...system,
    async execute(batch) {
      const position = batch.items.findLastIndex((item) => item.stepId === stepId);
      if (isDone || position < 0) return system.execute(batch);
      isDone = true; // once: the revert must not meet it again
      const end = { before: 0, inside: position, after: batch.items.length }[moment];
      const result = await executeSome(system, batch, 0, end);
      if (!result.ok) return result;
      if (act === "fail") return { ok: false, why: `injected fault ${moment} step ${stepId}`, notes: [] } satisfies BatchResult;
      await strike(act);
      return executeSome(system, batch, end, batch.items.length);
    },
  };
}

async function executeSome(system: HostSystem, batch: Batch, from: number, to: number): Promise<BatchResult> {
  const items = batch.items.slice(from, to);
  return items.length === 0 ? { ok: true, why: "", notes: [] } : system.execute({ ...batch, items });
}

const POLL_MS = 10;

async function strike(act: Exclude<FaultAct, "fail">): Promise<void> {
  const state = process.env["SPANWIRE_STATE_DIR"] ?? "";
  if (act === "kill") process.kill(process.pid, "SIGKILL");
  if (act === "fill") return fillDisk(join(state, "ballast"));
  const mark = join(dirname(state), "paused");
  writeFileSync(mark, "");
  while (existsSync(mark)) await wait(POLL_MS); // another process takes it away
}

/** Down to the last byte, or a small file would still fit. */
function fillDisk(path: string): void {
  for (const size of [65_536, 4096, 256, 1]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}
