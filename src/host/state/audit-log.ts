import { join } from "node:path";
import { appendLine } from "../../util/append-line.ts";
import type { StateDirectory } from "./state-directory.ts";

/**
 * Beside the journals, which go when they are old: who had what done here, when, in which plan, with what result. It is
 * made of the journal's own entries, so nothing happens without it. `destroy` takes it along with the rest.
 */
export function withAudit(state: StateDirectory, root: string, now: () => Date = () => new Date()): StateDirectory {
  let operator: unknown;
  let intent: Record<string, unknown> = {};
  const write = (planId: string, line: object): void => {
    try {
      appendLine(join(root, "audit.jsonl"), { at: now().toISOString(), planId, operator, ...line });
    } catch {
      // The journal, which decides, was written; a full disk must not keep a host from going back.
    }
  };
  return {
    ...state,
    append(planId, entry) {
      state.append(planId, entry);
      const { event, ...rest } = entry as Record<string, unknown>;
      if (event === "begin") operator = rest["operator"];
      if (event === "intent") intent = rest;
      else if (event === "begin") write(planId, { event, cluster: rest["clusterUuid"], steps: nameSteps(rest["steps"]) });
      else if (event === "result")
        write(planId, { event, phase: intent["phase"], steps: intent["steps"], ok: rest["ok"], why: rest["why"] });
      else write(planId, { event, why: rest["why"] });
    },
    async decide(planId, wanted, options) {
      const verdict = await state.decide(planId, wanted, options);
      if (verdict === "confirmed" && wanted === "confirmed") write(planId, { event: "confirmed" });
      return verdict;
    },
  };
}

function nameSteps(steps: unknown): string[] {
  if (!Array.isArray(steps)) return [];
  return (steps as { id: string; action: string; key: string }[]).map(({ id, action, key }) => `${id} ${action} ${key}`);
}
