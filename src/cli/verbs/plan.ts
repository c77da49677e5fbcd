import type { Command } from "commander";
import { commandsOf } from "../../plan/compare/batch-steps.ts";
import { hasChanges, planIdOf, summarisePlan, type Plan } from "../../model/plan.ts";
import { toolOf } from "../../tools/index.ts";
import { SpanwireError } from "../../model/problem.ts";
import { renderBrief } from "../../plan/render/render-brief.ts";
import { renderPlan } from "../../plan/render/render-plan.ts";
import { MANAGEMENT_OPTION } from "../program/change-options.ts";
import { resolveLab, withHosts, withTarget } from "../program/options.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { print, say, sayProblems, sayWarnings } from "../terminal/output.ts";
import { paintPlan } from "../terminal/paint.ts";
import { requirePlanPath, writeSavedPlan } from "../program/saved-plan.ts";
import { openSession, type TargetFlags } from "../program/session.ts";
import { makePlan } from "../../engine/make-plan.ts";

interface PlanFlags extends TargetFlags {
  json?: boolean;
  out?: string;
  detailedExitcode?: boolean;
  commands?: boolean;
  verbose?: boolean;
  allowManagementPath?: boolean;
}

const EXIT_CHANGES = 2;

export function registerPlan(program: Command): void {
  withHosts(withTarget(program.command("plan").alias("diff")), "only these hosts")
    .description("show what would change on every host; changes nothing, not even the lock")
    .option(...MANAGEMENT_OPTION)
    .option("--out <path>", "save the plan, for `spanwire apply <path>`")
    .option("--detailed-exitcode", "exit 2 when there are changes, 0 when there are none, 1 on any error")
    .option("--commands", "every step of every host, with the exact commands")
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", HELP)
    .action(async (raw: PlanFlags & { lab?: string | true }, command: Command) => {
      const { verbose = false } = command.optsWithGlobals<PlanFlags>();
      const flags = { ...resolveLab(raw), verbose };
      if (flags.out !== undefined) await requirePlanPath(flags.out);
      const session = await openSession(flags);
      sayWarnings(session.spec.warnings);
      const { plan, gathered } = await makePlan(
        session,
        flags.host,
        flags.allowManagementPath === true ? { allowManagementPath: true } : {},
      );
      await gathered.close();
      if (gathered.snapshots.size === 0 && plan.warnings.length > 0) throw new SpanwireError(plan.warnings);
      await showPlan(plan, flags);
    });
}

async function showPlan(plan: Plan, flags: PlanFlags): Promise<void> {
  const problems = [...plan.warnings, ...plan.refusals];
  if (flags.json === true) printEnvelope("plan", { ok: problems.length === 0, problems }, toEnvelope(plan));
  else print(render(plan, flags));
  sayWarnings([...plan.warnings, ...plan.unmet, ...plan.members]);
  sayProblems(plan.refusals);
  if (flags.out !== undefined && plan.refusals.length === 0) {
    await writeSavedPlan(flags.out, plan);
    say(`saved: apply exactly this with \`spanwire apply ${flags.out}\``);
  }
  // warnings are of hosts that could not be read
  if (plan.warnings.length + plan.refusals.length > 0) process.exitCode = 1;
  else if (flags.detailedExitcode === true && hasChanges(plan)) process.exitCode = EXIT_CHANGES;
}

/** Equal changes once; every step of every host with -v, and the exact commands with --commands. */
function render(plan: Plan, { commands = false, verbose = false }: PlanFlags): string {
  return commands || verbose ? renderPlan(plan, paintPlan, { commands }) : renderBrief(plan, paintPlan);
}

function toEnvelope(plan: Plan): object {
  const { version: _version, kind: _kind, hosts, ...rest } = plan;
  return {
    ...rest,
    planId: planIdOf(plan),
    summary: summarisePlan(plan),
    hosts: hosts.map((host) => ({
      ...host,
      steps: host.steps.map((step) => ({ ...step, commands: commandsOf(step).flatMap((command) => toolOf(command).render(command)) })),
    })),
  };
}

const HELP = `
Equal changes are shown once, with the hosts they are made on; -v shows every step of every host.
Signs: + added, ~ changed, -/+ made again, - removed. Stages run in the order add, switch, remove, each on all hosts
before the next begins; \`remove\` runs only after everything was verified and confirmed. Over ssh, the first command that
looks at a host, also this one, places the host program there (see docs/security.md).

Examples:
  $ spanwire plan
  $ spanwire plan --lab --file examples/quickstart.yaml
  $ spanwire plan --out plan.json && spanwire apply plan.json
`;
