import { describeResource, KIND_NAMES, kindOf } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import { SpanwireError } from "../../model/problem.ts";
import { STAGES, type DraftStep, type Step } from "../../model/step.ts";

/**
 * Dependencies first, removals the other way round and apart; what makes room for something else goes before all. Ties go by kind and key, so
 * the order is stable and steps of one tool stand together.
 */
export function orderSteps(drafts: readonly DraftStep[]): Step[] {
  return STAGES.flatMap((stage) => {
    const inStage = drafts.filter((draft) => draft.stage === stage);
    // tunnels last: the one that stops and the one that starts stand in one batch, or broadcasts are lost in between
    const room = sortByDependency(inStage.filter((draft) => draft.makesRoom === true)).reverse();
    const others = inStage.filter((draft) => draft.makesRoom !== true);
    const building = sortByDependency(others.filter((draft) => draft.after !== null));
    const removing = sortByDependency(others.filter((draft) => draft.after === null)).reverse();
    // in the remove stage rules and lists shrink last: what a rule restricts is gone before the rule is
    const rest = stage === "remove" ? [...removing, ...building] : [...building, ...removing];
    return [...room, ...rest].map(({ makesRoom: _, ...draft }, index) => ({
      id: `${stage}/${index + 1}`,
      label: describeResource(resourceOf(draft)),
      ...draft,
    }));
  });
}

function sortByDependency(drafts: readonly DraftStep[]): DraftStep[] {
  const rank = (draft: DraftStep): number => KIND_NAMES.indexOf(resourceOf(draft).kind);
  // Two changes of one key in one stage keep their order: the sort is stable.
  const waiting = [...drafts].sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const pendingKeys = new Map<string, number>();
  for (const draft of waiting) pendingKeys.set(draft.key, (pendingKeys.get(draft.key) ?? 0) + 1);
  const sorted: DraftStep[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((draft) => dependenciesOf(draft).every((key) => key === draft.key || !pendingKeys.has(key)));
    if (next < 0) throw cycle(waiting);
    // Everything of the same kind that is ready too goes along: fewer processes on the host.
    const [draft] = waiting.splice(next, 1) as [DraftStep];
    sorted.push(draft);
    const left = (pendingKeys.get(draft.key) ?? 1) - 1;
    if (left === 0) pendingKeys.delete(draft.key);
    else pendingKeys.set(draft.key, left);
  }
  return sorted;
}

const resourceOf = (draft: DraftStep): Resource => (draft.after ?? draft.before) as Resource;

function dependenciesOf(draft: DraftStep): string[] {
  const resource = resourceOf(draft);
  return kindOf(resource).dependencies(resource);
}

function cycle(waiting: readonly DraftStep[]): SpanwireError {
  return new SpanwireError({
    kind: "bug",
    doing: "ordering",
    what: waiting.map((draft) => draft.key).join(", "),
    where: "",
    why: "they depend on each other",
    try: "report this with the spec file",
  });
}
