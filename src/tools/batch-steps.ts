import { kindOf } from "../kinds/index.ts";
import type { Command, Resource } from "../model/resource.ts";
import type { Step } from "../model/step.ts";

/** What one process (or one call of an API) does: the unit the journal keeps. */
export interface Batch {
  tool: Command["tool"];
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
    const tools = orderTools(ofSteps.map((ofStep) => ofStep.map(({ command }) => toolOf(command))));
    return tools.flatMap((tool) => ofSteps.flat().filter(({ command }) => toolOf(command) === tool));
  });
  const batches: { tool: Command["tool"]; items: BatchItem[] }[] = [];
  for (const item of items) {
    const tool = toolOf(item.command);
    const last = batches.at(-1);
    if (last !== undefined && last.tool === tool && JOINABLE.has(tool) && !isApart(item.command)) last.items.push(item);
    else batches.push({ tool, items: [item] });
  }
  return batches;
}

/** The order of tools that every step's own has in common; where there is none, as they come. */
function orderTools(steps: readonly (readonly Command["tool"][])[]): Command["tool"][] {
  const ordered: Command["tool"][] = [];
  let left = steps.map((tools) => [...new Set(tools)]).filter((tools) => tools.length > 0);
  while (left.length > 0) {
    const firsts = left.flatMap(([first]) => first ?? []);
    const next = firsts.find((tool) => left.every((tools) => tools.indexOf(tool) <= 0)) ?? firsts[0]!;
    ordered.push(next);
    left = left.map((tools) => tools.filter((tool) => tool !== next)).filter((tools) => tools.length > 0);
  }
  return ordered;
}

const isApart = (command: Command): boolean => command.tool === "ovs" && command.apart === true;

/** One process can do many of these; each Docker call is one of its own. */
const JOINABLE: ReadonlySet<Command["tool"]> = new Set(["ip", "bridge", "ovs", "ethtool", "nft", "sysctl", "file"]);

/** A former value is kept before its setting is written and dropped after that: the two stay in order, in one batch. */
function toolOf({ tool }: Command): Command["tool"] {
  return tool === "state" ? "sysctl" : tool;
}

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
