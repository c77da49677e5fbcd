import { keyOf, kindOf } from "../resources/index.ts";
import type { Difference, Resource } from "../resources/resource.ts";
import { mapDevices } from "./describe-resource.ts";
import { orderSteps } from "./order-steps.ts";
import type { Action, DraftStep, Stage, Step } from "./step.ts";

/** The steps that turn `observed` into `desired` on one host, staged and ordered. Empty when nothing differs. */
export function planHost(desired: readonly Resource[], observed: ReadonlyMap<string, Resource>): Step[] {
  const wanted = new Map(desired.map((resource) => [keyOf(resource), resource]));
  const leaving = [...observed].filter(([key, resource]) => !wanted.has(key) && isOwned(resource));
  const drafts: DraftStep[] = [];
  const replacedSlots = new Set<string>();

  for (const [key, after] of wanted) {
    const before = observed.get(key) ?? null;
    if (before !== null) drafts.push(...changeSteps(key, before, after));
    else {
      const rival = findRival(after, leaving);
      if (rival !== undefined) replacedSlots.add(rival.key);
      drafts.push(...addSteps(key, after, rival));
    }
  }
  for (const [key, before] of leaving) {
    if (diesWithAnother(before, leaving)) continue;
    drafts.push(step("remove", "remove", key, replacedSlots.has(key) ? passive(before) : before, null));
  }
  return orderSteps(drafts, mapDevices([...desired, ...observed.values()]));
}

interface Rival {
  key: string;
  resource: Resource;
}

/** The resource that serves this one's slot today and will go. */
function findRival(resource: Resource, leaving: readonly [string, Resource][]): Rival | undefined {
  const slot = kindOf(resource).slot?.(resource);
  if (slot === undefined) return undefined;
  const found = leaving.find(([, other]) => other.kind === resource.kind && kindOf(other).slot?.(other) === slot);
  return found === undefined ? undefined : { key: found[0], resource: found[1] };
}

function addSteps(key: string, after: Resource, rival: Rival | undefined): DraftStep[] {
  const stage: Stage = kindOf(after).addsInSwitch === true ? "switch" : "add";
  if (rival === undefined) return [step(stage, "add", key, null, after)];
  return [
    step("add", "add", key, null, passive(after)),
    step("switch", "change", rival.key, rival.resource, passive(rival.resource)),
    step("switch", "change", key, passive(after), after),
  ];
}

function changeSteps(key: string, before: Resource, after: Resource): DraftStep[] {
  const differences = kindOf(after).compare(after, before);
  if (differences.length === 0) return [];
  const needsReplace = differences.some((difference) => difference.needs === "replace");
  if (needsReplace) return [step("switch", "replace", key, before, after, differences)];
  const both = kindOf(after).union?.(before, after);
  if (both === undefined) return [step("switch", "change", key, before, after, differences)];
  const grow = kindOf(after).compare(both, before);
  const shrink = kindOf(after).compare(after, both);
  return [
    ...(grow.length > 0 ? [step("add", "change", key, before, both, grow)] : []),
    ...(shrink.length > 0 ? [step("remove", "change", key, both, after, shrink)] : []),
  ];
}

function step(stage: Stage, action: Action, key: string, before: Resource | null, after: Resource | null, differences?: Difference[]): DraftStep {
  const resource = (after ?? before) as Resource;
  const found = differences ?? (before !== null && after !== null ? kindOf(after).compare(after, before) : []);
  return { stage, action, key, before, after, differences: found, impact: kindOf(resource).impact(before, after) };
}

const passive = (resource: Resource): Resource => kindOf(resource).standby?.(resource) ?? resource;
const isOwned = (resource: Resource): boolean => kindOf(resource).isOwned?.(resource) ?? true;

function diesWithAnother(resource: Resource, leaving: readonly [string, Resource][]): boolean {
  const owner = kindOf(resource).diesWith?.(resource);
  return owner !== undefined && leaving.some(([key]) => key === owner);
}
