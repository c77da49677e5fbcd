import type { Command } from "commander";
import { makePlan, type MakePlanOptions, type PlannedHosts } from "../../engine/make-plan.ts";
import { prepareHosts } from "../../engine/prepare-hosts.ts";
import type { Session } from "../../engine/session.ts";
import { traitsOf } from "../../dataplanes/index.ts";
import { hasChanges } from "../../model/plan.ts";
import { SpanwireError } from "../../model/problem.ts";
import { requireAllowed } from "../../plan/build-plan.ts";
import { operatorName } from "../program/operator.ts";
import { CONFIRM_WITHIN_OPTION, YES_OPTION, type ChangeFlags } from "../program/change-options.ts";
import { resolveLab, withHosts, withTarget } from "../program/options.ts";
import { openSession } from "../program/session.ts";
import { askYes, requireVoice } from "../terminal/ask-yes.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { print, say } from "../terminal/output.ts";
import { declined, reportResult, runPlan } from "./apply.ts";

export function registerRotate(program: Command): void {
  withHosts(withTarget(program.command("rotate")), "only these hosts' keys")
    .description("give hosts new WireGuard keys, one host after the other")
    .option(...YES_OPTION)
    .option(...CONFIRM_WITHIN_OPTION)
    .addHelpText("after", HELP)
    .action(async (raw: Omit<ChangeFlags, "verify"> & { lab?: string | true }) => {
      requireVoice("rotate", raw.yes === true);
      const flags = resolveLab({ ...raw, verify: true });
      const session = await openSession(flags);
      await session.locks.requireWritable();
      await rotate(session, flags);
    });
}

async function rotate(session: Session, flags: ChangeFlags): Promise<void> {
  const hosts = requireHosts(session, flags.host);
  await withPlan(session, {}, async (planned) => requireNothingElse(planned));
  if (flags.yes !== true && !(await askYes(`Give new keys to ${hosts.join(", ")}, one after the other?`))) return declined();
  for (const host of hosts) {
    await withPlan(session, { renew: new Set([host]) }, async (planned) => {
      requireAllowed(planned.plan);
      say(`${host}: a new key, and every other host is told`);
      const prepared = await prepareHosts(planned);
      const result = await runPlan(prepared, session, { verify: true, confirmWithinMs: flags.confirmWithin * 1000 });
      if (result.outcome !== "applied") reportResult(result, prepared.plan);
    });
    if (process.exitCode !== undefined) return;
  }
  print(`Done: ${hosts.join(", ")}.`);
}

async function withPlan(session: Session, options: MakePlanOptions, act: (planned: PlannedHosts) => Promise<void>): Promise<void> {
  const planned = await makePlan(session, undefined, { ...options, settleAs: operatorName() });
  await interruptible(planned.gathered.close, async () => {
    try {
      await act(planned);
    } finally {
      await planned.gathered.close();
    }
  });
}

const refuse = (why: string, advice: string): SpanwireError =>
  new SpanwireError({ kind: "input", doing: "rotating", what: "keys", where: "", why, try: advice });

/** Those that are meant, and only where keys are used at all. */
function requireHosts({ spec: { cluster } }: Session, wanted: readonly string[] | undefined): string[] {
  if (!cluster.networks.some(({ dataplane }) => (traitsOf(dataplane).prepares ?? []).length > 0))
    throw refuse("no network of the file uses any", "write dataplane: wireguard for one, and apply it");
  return [...new Set(wanted ?? cluster.hosts.map(({ name }) => name))];
}

/** Everybody must hear of a new key, and nothing else is meant to change. */
function requireNothingElse({ plan, gathered }: PlannedHosts): void {
  if (gathered.unreachable.length > 0) throw new SpanwireError(gathered.unreachable);
  requireAllowed(plan);
  if (hasChanges(plan)) throw refuse("the hosts are not as the file says", "run `spanwire apply` first, then this again");
}

const HELP = `
Each host makes a new key pair, every other host is told, all of it is measured and confirmed, and the old key is thrown away; then the
next host. Connections of containers survive; packets from and to the host whose turn it is are lost for a moment. What fails goes back.

Examples:
  $ spanwire rotate
  $ spanwire rotate --host vm2 --yes
`;
