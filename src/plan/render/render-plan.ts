import { commandsOf } from "../compare/batch-steps.ts";
import type { HostPlan, Plan } from "../../model/plan.ts";
import { toolOf } from "../../tools/index.ts";
import { renderSummary } from "./render-summary.ts";
import { STAGES, type Step } from "../../model/step.ts";

export type Paint = (symbol: "+" | "~" | "-/+" | "-" | "head" | "dim", text: string) => string;

export const SYMBOLS = { add: "+", change: "~", replace: "-/+", remove: "-" } as const;

/** A plan for people: per host and stage what changes, why, what containers notice, and the exact commands. */
export function renderPlan(plan: Plan, paint: Paint, options: { commands: boolean }): string {
  const lines: string[] = [];
  if (plan.lockChanges.length > 0) {
    lines.push(paint("head", "lock"));
    for (const change of plan.lockChanges) lines.push(`  ${paint("+", "+")} ${change}`);
    lines.push("");
  }
  for (const host of plan.hosts) if (host.steps.length > 0) lines.push(...renderHost(host, paint, options.commands), "");
  return [...lines, renderSummary(plan)].join("\n");
}

function renderHost(host: HostPlan, paint: Paint, withCommands: boolean): string[] {
  const lines = [paint("head", `host ${host.host}${host.leaving ? " (leaves the cluster)" : ""}`)];
  for (const stage of STAGES) {
    const steps = host.steps.filter((step) => step.stage === stage);
    if (steps.length === 0) continue;
    lines.push(paint("dim", `  stage ${stage}`));
    for (const step of steps) lines.push(...renderStep(step, paint, withCommands));
  }
  return lines;
}

const SHOWN_COMMANDS = 40;

function renderStep(step: Step, paint: Paint, withCommands: boolean): string[] {
  const symbol = SYMBOLS[step.action];
  const noticed = step.impact === "none" || step.impact === "" ? "" : paint("dim", `  (containers notice: ${step.impact})`);
  const lines = [`    ${paint(symbol, `${symbol} ${step.label}`)}  ${paint("dim", step.key)}${noticed}`];
  for (const difference of step.differences) {
    lines.push(`        ${difference.field}: ${difference.from} -> ${difference.to}  ${paint("dim", `because ${difference.reason}`)}`);
  }
  if (!withCommands) return lines;
  const commands = commandsOf(step).flatMap((command) => toolOf(command).render(command));
  for (const command of commands.slice(0, SHOWN_COMMANDS)) lines.push(paint("dim", `        $ ${command}`));
  if (commands.length > SHOWN_COMMANDS)
    lines.push(paint("dim", `        ... and ${commands.length - SHOWN_COMMANDS} more lines (all of them: --json)`));
  return lines;
}
