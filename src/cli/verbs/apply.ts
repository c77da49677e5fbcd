import type { Command } from "commander";
import { prepareHosts } from "../../engine/prepare-hosts.ts";
import { applyCluster, type ApplyClusterOptions } from "../../engine/apply-cluster.ts";
import type { ApplyInput, ApplyResult } from "../../engine/apply-plan.ts";
import { describeOutcome } from "../../engine/describe-outcome.ts";
import { gatherHosts } from "../../engine/gather-hosts.ts";
import { makePlan, type PlannedHosts } from "../../engine/make-plan.ts";
import type { VerifyReport } from "../../verify/report/report.ts";
import type { Session } from "../../engine/session.ts";
import { hasChanges, planIdOf, type Plan } from "../../model/plan.ts";
import { requireAllowed } from "../../plan/build-plan.ts";
import { renderBrief } from "../../plan/render/render-brief.ts";
import { renderSummary } from "../../plan/render/render-summary.ts";
import { SpanwireError, type Problem } from "../../model/problem.ts";
import { applyRecorded } from "../program/audit-log.ts";
import { withChange, YES_OPTION, type ChangeFlags } from "../program/change-options.ts";
import { askYes, requireVoice } from "../terminal/ask-yes.ts";
import { interruptible, noteBegun, noteConfirm } from "../terminal/interrupt.ts";
import { resolveLab, withTarget } from "../program/options.ts";
import { operatorName } from "../program/operator.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { createProgress, print, say, sayProblems, sayWarnings } from "../terminal/output.ts";
import { paintPlan } from "../terminal/paint.ts";
import { readSavedPlan } from "../program/saved-plan.ts";
import { openSession } from "../program/session.ts";

export function registerApply(program: Command): void {
  withChange(withTarget(program.command("apply")))
    .description("make every host as the file says; all of them, or none")
    .option(...YES_OPTION)
    .option("--json", "for programs: one JSON document that says how it ended")
    .option("--repair", "only drift: make every host as it was last confirmed, also one that is frozen; the file's changes wait")
    .addHelpText("after", HELP)
    .action((saved: string | undefined, raw: ChangeFlags & { lab?: string | true }) => {
      // a saved plan has been looked at
      const isYes = raw.yes === true || saved !== undefined;
      requireVoice("apply", isYes);
      return applyFrom(saved, { ...resolveLab(raw), yes: isYes });
    });
}

/** From the file or a saved plan to the result. `approve` asks a person before the confirm: then nobody is asked before. */
export async function applyFrom(saved: string | undefined, flags: ChangeFlags, approve?: ApplyInput["approve"]): Promise<void> {
  const startedAt = performance.now();
  const session = await openSession(flags);
  await session.locks.requireWritable();
  sayWarnings(session.spec.warnings);
  if (saved !== undefined && flags.repair === true) throw repairOfSaved(saved);
  const settling = {
    settleAs: operatorName(),
    ...(flags.repair === true ? { repair: true } : {}),
    ...(flags.allowManagementPath === true ? { allowManagementPath: true } : {}),
  };
  const { plan, gathered } = saved === undefined ? await makePlan(session, flags.host, settling) : await loadPlan(saved, session);
  for (const text of gathered.settled) say(text);
  await interruptible(gathered.close, async () => {
    try {
      await carryOut({ plan, gathered, session, flags, approve });
      if (process.exitCode === undefined) sayNext(plan, startedAt);
    } finally {
      await gathered.close();
    }
  });
}

/** How long it took, and what one does next. */
function sayNext(plan: Plan, startedAt: number): void {
  if (!hasChanges(plan)) return;
  const attached = plan.networks.find((network) => network.attach.network !== undefined)?.attach.network;
  const run = attached === undefined ? "" : `; containers join with \`docker run --network ${attached} ...\``;
  say(`Took ${((performance.now() - startedAt) / 1000).toFixed(1)} s. Next: \`spanwire verify\` measures every promise${run}.`);
}

function repairOfSaved(saved: string): SpanwireError {
  const why = "a saved plan is applied exactly, and --repair makes a plan of its own";
  return new SpanwireError({ kind: "input", doing: "applying", what: saved, where: "", why, try: "leave one of the two out" });
}

async function loadPlan(path: string, session: Session): Promise<PlannedHosts> {
  const plan = await readSavedPlan(path);
  const why = findMismatch(plan, session);
  if (why !== undefined) {
    throw new SpanwireError({
      kind: "conflict",
      doing: "applying the saved plan",
      what: path,
      where: "",
      why,
      try: "make a new one with `spanwire plan --out FILE`",
    });
  }
  const hosts = plan.hosts.map(({ host, address, ssh }) => ({ name: host, address, ssh }));
  return { plan, gathered: await gatherHosts(hosts, session.transport, { settleAs: operatorName() }) };
}

function findMismatch(plan: Plan, session: Session): string | undefined {
  if (plan.cluster !== session.spec.cluster.name)
    return `it is for cluster ${plan.cluster}, the file describes ${session.spec.cluster.name}`;
  const uuid = session.lock?.uuid;
  return uuid === undefined || uuid === plan.clusterUuid ? undefined : "it was made for another cluster of the same name";
}

interface CarryOutInput extends PlannedHosts {
  session: Session;
  flags: ChangeFlags;
  approve: ApplyInput["approve"];
}

async function carryOut({ session, flags, approve, ...planned }: CarryOutInput): Promise<void> {
  const { gathered } = planned;
  requireAllowed(planned.plan);
  sayWarnings([...gathered.unreachable, ...planned.plan.unmet, ...planned.plan.members]);
  if (gathered.unreachable.some((problem) => planned.plan.lock?.removedHosts[problem.where] === undefined)) process.exitCode = 1;
  if (hasChanges(planned.plan)) {
    say(renderBrief(planned.plan, paintPlan));
    if (flags.yes !== true && approve === undefined && !(await askYes("Apply this?"))) return declined();
  }
  const { plan } = await prepareHosts(planned);
  const result = await runPlan({ plan, gathered }, session, {
    verify: flags.verify,
    confirmWithinMs: flags.confirmWithin * 1000,
    ...(approve === undefined ? {} : { approve }),
    ...(flags.repair === true ? { repair: true } : {}),
  });
  reportResult(result, plan, flags.json === true ? "apply" : undefined);
}

/** Nothing has been said to a host. */
export function declined(): void {
  say("Nothing was changed.");
  process.exitCode = 1;
}

export async function runPlan(
  planned: PlannedHosts,
  session: Session,
  options: Pick<ApplyClusterOptions, "verify" | "confirmWithinMs" | "approve" | "repair">,
): Promise<ApplyResult> {
  if (hasChanges(planned.plan)) noteBegun(() => describeOutcome(planned.plan, session.transport));
  return applyCluster(planned, session, {
    ...options,
    operator: operatorName(),
    onProgress: createProgress(),
    onConfirm: noteConfirm,
    onStanding: warnStanding,
    onMeasured: sayMeasured,
    act: applyRecorded,
  });
}

function sayMeasured({ networks }: VerifyReport): void {
  const rows = networks.flatMap((network) => network.pairs.map((pair) => ({ ...pair, isFull: pair.mtuBytes === network.mtuBytes })));
  const good = rows.filter(({ reachable, isFull }) => reachable && isFull).length;
  say(
    `Measured: ${good} of ${rows.length} pairs of hosts answer, with packets of the full size, in ${networks.map(({ name }) => name).join(", ")}.`,
  );
}

function warnStanding(failures: readonly Problem[]): void {
  if (failures.length === 0) return;
  sayWarnings(failures);
  say("That was broken before this change too, so the change stays.");
  process.exitCode = 1;
}

/** What happened, per host; as a document of that kind for a program. Sets the exit code. */
export function reportResult(result: ApplyResult, plan: Plan, kind?: "apply" | "destroy"): void {
  const { outcome, hosts, notes, problems } = result;
  const isDone = outcome === "applied" || outcome === "nothing-to-do";
  const ok = isDone && process.exitCode === undefined;
  if (kind !== undefined) printEnvelope(kind, { ok, problems }, { planId: planIdOf(plan), outcome, hosts, notes });
  if (kind !== undefined && isDone) return;
  for (const note of notes) say(`note: ${note}`);
  if (result.outcome === "nothing-to-do") return print(renderSummary(plan));
  if (result.outcome === "applied") return print(`Done: ${result.hosts.map(({ host }) => host).join(", ")}.`);
  sayProblems(result.problems);
  const words = { new: "as the file says", old: "as before", differs: "NOT as before", unknown: "unknown" } as const;
  for (const { host, state, detail } of result.hosts)
    say(`  ${host}: ${words[state]}${state === "differs" || state === "unknown" ? ` (${detail})` : ""}`);
  say(
    result.outcome === "reverted"
      ? "Nothing was changed: every host is as before."
      : "The hosts above that are not as they should be need another `spanwire plan`.",
  );
  process.exitCode = 1;
}

const HELP = `
New is built beside old on all hosts, then switched, then measured, then confirmed over new connections; only then is
the old removed. If anything fails before the confirm, every host goes back to how it was, and the command says so.
Applying twice changes nothing the second time.

Examples:
  $ spanwire apply
  $ spanwire apply --lab --file examples/quickstart.yaml
  $ spanwire apply plan.json
`;
