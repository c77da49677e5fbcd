import { kindOf } from "../resources/index.ts";
import type { Resource } from "../resources/resource.ts";
import { orderSteps } from "./order-steps.ts";
import type { DraftStep, Step } from "./step.ts";

/**
 * The steps that bring `touched` back to how it was. Made from two observations, not from what was meant to happen, so
 * a batch that failed in its middle is undone exactly as far as it got.
 */
export function planRevert(
  initial: ReadonlyMap<string, Resource>,
  now: ReadonlyMap<string, Resource>,
  touched: ReadonlySet<string>,
): Step[] {
  const keys = new Set([...touched, ...dependants(now, touched)]);
  const gone = new Set([...keys].filter((key) => now.has(key) && !initial.has(key)));
  const drafts = [...keys].flatMap((key): DraftStep[] => {
    const before = now.get(key) ?? null;
    const after = initial.get(key) ?? null;
    if (before === null && after === null) return [];
    if (before !== null && after === null) {
      const owner = kindOf(before).diesWith?.(before);
      return owner !== undefined && gone.has(owner) ? [] : [draft(key, before, null, [])];
    }
    if (before === null || after === null) return [draft(key, before, after, [])];
    const differences = kindOf(after).compare(after, before);
    const keepsFormer = before.kind === "sysctl" && after.kind === "sysctl" && before.former !== undefined && after.former === undefined;
    return differences.length === 0 && !keepsFormer ? [] : [draft(key, before, after, differences)];
  });
  return orderSteps(drafts);
}

function draft(key: string, before: Resource | null, after: Resource | null, differences: DraftStep["differences"]): DraftStep {
  const action = before === null ? "add" : after === null ? "remove" : "change";
  return { stage: "switch", action, key, before, after, differences, impact: "", makesRoom: isGivingWay(before, after) };
}

/** The new one stops (or goes) before the old one serves their slot again. */
function isGivingWay(before: Resource | null, after: Resource | null): boolean {
  const kind = kindOf((after ?? before) as Resource);
  if (kind.slot === undefined || before === null) return false;
  return after === null || (kind.standby !== undefined && kind.compare(kind.standby(after), after).length === 0);
}

/** What lives and dies with something touched changes with it, also when no step named it. */
function dependants(now: ReadonlyMap<string, Resource>, touched: ReadonlySet<string>): string[] {
  return [...now].flatMap(([key, resource]) => (touched.has(kindOf(resource).diesWith?.(resource) ?? "") ? [key] : []));
}
