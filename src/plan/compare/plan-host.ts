import { keyOf, kindOf } from "../../kinds/index.ts";
import type { Difference } from "../../kinds/kind.ts";
import type { Resource } from "../../kinds/index.ts";
import { orderSteps } from "./order-steps.ts";
import type { Action, DraftStep, Stage, Step } from "../../model/step.ts";

/** The steps that turn `observed` into `desired` on one host, staged and ordered. Empty when nothing differs. */
export function planHost(desired: readonly Resource[], observed: ReadonlyMap<string, Resource>): Step[] {
  const wanted = new Map(desired.map((resource) => [keyOf(resource), resource]));
  const leaving = [...observed].filter(([key, resource]) => !wanted.has(key) && isOwned(resource));
  const drafts: DraftStep[] = [];
  const rivals = new Set<string>();

  for (const [key, after] of wanted) {
    const before = observed.get(key) ?? null;
    const rival = findRival(after, leaving);
    if (rival !== undefined) {
      rivals.add(rival.key);
      drafts.push(...giveWay(rival));
    }
    drafts.push(...(before === null ? addSteps(key, after, rival) : changeSteps(key, before, after)));
  }
  for (const [key, before] of leaving) {
    if (diesWithAnother(before, leaving) || (rivals.has(key) && !canStandBy(before))) continue;
    drafts.push(step("remove", "remove", key, rivals.has(key) ? passive(before) : before, null));
  }
  return orderSteps(drafts);
}

interface Rival {
  key: string;
  resource: Resource;
}

/** The resource that serves this one's slot today and will go. */
function findRival(resource: Resource, leaving: readonly [string, Resource][]): Rival | undefined {
  const slot = kindOf(resource).slot?.(resource);
  if (slot === undefined) return undefined;
  const found = leaving.find(([, other]) => kindOf(other).slot?.(other) === slot);
  return found === undefined ? undefined : { key: found[0], resource: found[1] };
}

/** What serves the slot today stops before the new one starts: two tunnels that flood would be a loop. */
function giveWay({ key, resource }: Rival): DraftStep[] {
  if (!canStandBy(resource)) return [{ ...step("switch", "remove", key, resource, null), makesRoom: true }];
  const standby = passive(resource);
  const differences = kindOf(resource).compare(standby, resource);
  return differences.length === 0 ? [] : [{ ...step("switch", "change", key, resource, standby, differences), makesRoom: true }];
}

function addSteps(key: string, after: Resource, rival: Rival | undefined): DraftStep[] {
  if (kindOf(after).isEmpty?.(after) === true) return [];
  if (rival === undefined || !canStandBy(after)) return [step(addingStage(after), "add", key, null, after)];
  return [step("add", "add", key, null, passive(after)), step("switch", "change", key, passive(after), after)];
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
    ...(grow.length > 0 ? [{ ...step(addingStage(after), "change", key, before, both, grow), ...wantedOf(both, after, shrink) }] : []),
    ...(shrink.length > 0 ? [step("remove", "change", key, both, after, shrink)] : []),
  ];
}

/** The last step of a change says how to build the whole thing again. */
function wantedOf(both: Resource, after: Resource, shrink: readonly Difference[]): Pick<DraftStep, "wanted"> {
  return shrink.length > 0 || JSON.stringify(both) === JSON.stringify(after) ? {} : { wanted: after };
}

function step(
  stage: Stage,
  action: Action,
  key: string,
  before: Resource | null,
  after: Resource | null,
  differences?: Difference[],
): DraftStep {
  const resource = (after ?? before) as Resource;
  const found = differences ?? (before !== null && after !== null ? kindOf(after).compare(after, before) : []);
  return { stage, action, key, before, after, differences: found, impact: kindOf(resource).impact(before, after) };
}

const addingStage = (resource: Resource): Stage => (kindOf(resource).addsInSwitch === true ? "switch" : "add");
const canStandBy = (resource: Resource): boolean => kindOf(resource).standby !== undefined;
const passive = (resource: Resource): Resource => kindOf(resource).standby?.(resource) ?? resource;
const isOwned = (resource: Resource): boolean => kindOf(resource).isOwned?.(resource) ?? true;

function diesWithAnother(resource: Resource, leaving: readonly [string, Resource][]): boolean {
  const kind = kindOf(resource);
  const isLeaving = (wanted: string): boolean => leaving.some(([key]) => key === wanted);
  const owner = kind.diesWith?.(resource);
  const traces = kind.leavesTracesOn?.(resource);
  return owner !== undefined && isLeaving(owner) && (traces === undefined || isLeaving(traces));
}
