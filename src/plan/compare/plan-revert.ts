import { kindOf } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import { orderSteps } from "./order-steps.ts";
import type { DraftStep, Step } from "../../model/step.ts";

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
      return diesAlong(before, { initial, now, gone }) ? [] : [draft(key, before, null, [])];
    }
    if (before === null || after === null) return [draft(key, before, after, [])];
    const differences = kindOf(after).compare(after, before);
    const mustForget = kindOf(after).remembersMore?.(before, after) === true;
    return differences.length === 0 && !mustForget ? [] : [draft(key, before, after, differences)];
  });
  return orderSteps(drafts);
}

interface Ends {
  initial: ReadonlyMap<string, Resource>;
  now: ReadonlyMap<string, Resource>;
  gone: ReadonlySet<string>;
}

/** What floods makes room on its own, before the old one floods again: it does not wait for what it dies with. */
function diesAlong(resource: Resource, { initial, now, gone }: Ends): boolean {
  const kind = kindOf(resource);
  const owner = kind.diesWith?.(resource);
  if (owner === undefined || !gone.has(owner) || kind.standby !== undefined) return false;
  const traces = kind.leavesTracesOn?.(resource);
  // where nothing served before, what lies there now was found there too; where something did, it was not
  const slot = slotOf(now.get(owner));
  const wasServed = slot !== undefined && [...initial.values()].some((other) => slotOf(other) === slot);
  return traces === undefined || gone.has(traces) || !wasServed;
}

const slotOf = (resource: Resource | undefined): string | undefined =>
  resource === undefined ? undefined : kindOf(resource).slot?.(resource);

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
