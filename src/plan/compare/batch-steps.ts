import { kindOf } from "../../kinds/index.ts";
import { toolOf, type Command, type ToolName } from "../../tools/index.ts";
import type { Resource } from "../../kinds/index.ts";
import type { Step } from "../../model/step.ts";

/** What one process (or one call of an API) does: the unit the journal keeps. */
export interface Batch {
  tool: ToolName;
  /** In order; a step may need two batches, and a batch may serve many steps. */
  items: readonly BatchItem[];
}

export interface BatchItem {
  stepId: string;
  command: Command;
}

/** The commands of a step, as both `plan` and the host program render them. */
export function commandsOf(step: Pick<Step, "before" | "after">): Command[] {
  return kindOf((step.after ?? step.before) as Resource).commands(step.before, step.after);
}

/**
 * Commands in order, neighbours of one tool joined. Steps of one kind are independent, so their tools may be sorted: one
 * process for many. Which tool comes first is what the steps themselves agree on.
 */
export function batchSteps(steps: readonly Pick<Step, "id" | "before" | "after">[]): Batch[] {
  const items = groupByKind(steps).flatMap((group) => {
    const ofSteps = group.map((step) => commandsOf(step).map((command): BatchItem => ({ stepId: step.id, command })));
    const tools = orderTools(ofSteps.map((ofStep) => ofStep.map(({ command }) => groupOf(command))));
    return tools.flatMap((tool) => ofSteps.flat().filter(({ command }) => groupOf(command) === tool));
  });
  const batches: { tool: ToolName; items: BatchItem[] }[] = [];
  for (const item of items) {
    const tool = groupOf(item.command);
    const last = batches.at(-1);
    if (last !== undefined && last.tool === tool && toolOf(item.command).joins(item.command)) last.items.push(item);
    else batches.push({ tool, items: [item] });
  }
  return batches;
}

/** The order of tools that every step's own has in common; where there is none, as they come. */
function orderTools(steps: readonly (readonly ToolName[])[]): ToolName[] {
  const ordered: ToolName[] = [];
  let left = steps.map((tools) => [...new Set(tools)]).filter((tools) => tools.length > 0);
  while (left.length > 0) {
    const firsts = left.flatMap(([first]) => first ?? []);
    const next = firsts.find((tool) => left.every((tools) => tools.indexOf(tool) <= 0)) ?? firsts[0]!;
    ordered.push(next);
    left = left.map((tools) => tools.filter((tool) => tool !== next)).filter((tools) => tools.length > 0);
  }
  return ordered;
}

/** Commands of tools that are batched as one keep their order. */
const groupOf = (command: Command): ToolName => (toolOf(command).batchedAs ?? command.tool) as ToolName;

function groupByKind<S extends Pick<Step, "before" | "after">>(steps: readonly S[]): S[][] {
  const groups: S[][] = [];
  for (const step of steps) {
    const group = groups.at(-1);
    const kind = (step.after ?? step.before)?.kind;
    if (group !== undefined && (group[0]?.after ?? group[0]?.before)?.kind === kind) group.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** Runs of one tool's commands: most batches are one, but settings and their former values keep their order. */
export function runsOf(items: readonly BatchItem[]): Command[][] {
  const runs: Command[][] = [];
  for (const { command } of items) {
    const last = runs.at(-1);
    if (last?.[0]?.tool === command.tool) last.push(command);
    else runs.push([command]);
  }
  return runs;
}

/** How long a batch may take before the host may believe that it hangs. */
export function estimateBatchMs({ items }: Batch): number {
  return runsOf(items).reduce((sum, run) => sum + toolOf(run[0]!).estimateMs(run), 0);
}
