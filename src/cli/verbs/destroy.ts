import type { Command } from "commander";
import { gatherHosts, type GatheredHosts } from "../../engine/gather-hosts.ts";
import { planDestroy } from "../../engine/plan-destroy.ts";
import { hostsOf, type Session } from "../../engine/session.ts";
import { requireAllowed } from "../../plan/build-plan.ts";
import { renderBrief } from "../../plan/render/render-brief.ts";
import { hasChanges } from "../../model/plan.ts";
import { declined, reportResult, runPlan } from "./apply.ts";
import { MANAGEMENT_OPTION, YES_OPTION } from "../program/change-options.ts";
import { askYes, requireVoice } from "../terminal/ask-yes.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { resolveLab, withHosts, withTarget } from "../program/options.ts";
import { operatorName } from "../program/operator.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { print, say, sayWarnings } from "../terminal/output.ts";
import { paintPlan } from "../terminal/paint.ts";
import { openSession, type TargetFlags } from "../program/session.ts";

interface DestroyFlags extends TargetFlags {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
  purge?: boolean;
  allowManagementPath?: boolean;
}

export function registerDestroy(program: Command): void {
  withHosts(withTarget(program.command("destroy")), "only from these hosts; they stay in the file and the lock")
    .description("remove the cluster from all hosts: everything of ours, nothing else")
    .option(...MANAGEMENT_OPTION)
    .option("--purge", "also the host program that was placed on them")
    .option("-n, --dry-run", "show what would be removed")
    .option(...YES_OPTION)
    .option("--json", "for programs: one JSON document that says how it ended")
    .addHelpText("after", HELP)
    .action(async (raw: DestroyFlags & { lab?: string | true }) => {
      const flags = resolveLab(raw);
      requireVoice("destroy", flags.yes === true || flags.dryRun === true);
      const session = await openSession(flags);
      if (flags.dryRun !== true) await session.locks.requireWritable();
      const gathered = await gatherHosts(
        hostsOf(session, flags.host),
        session.transport,
        flags.dryRun === true ? {} : { settleAs: operatorName() },
      );
      await interruptible(gathered.close, async () => {
        try {
          await destroy(session, gathered, flags);
          if (flags.purge === true && flags.dryRun !== true && process.exitCode === undefined) await purge(gathered);
        } finally {
          await gathered.close();
        }
      });
    });
}

async function destroy(session: Session, gathered: GatheredHosts, flags: DestroyFlags): Promise<void> {
  const plan = planDestroy(session, gathered, { only: flags.host, allowManagementPath: flags.allowManagementPath });
  const kind = flags.json === true ? ("destroy" as const) : undefined;
  if (plan === undefined) {
    const nothing = { planId: "", outcome: "nothing-to-do", hosts: [], notes: [] };
    if (kind !== undefined) return printEnvelope(kind, { ok: true, problems: [] }, nothing);
    return print("Nothing to do: there is no lock, and no host carries this cluster.");
  }
  requireAllowed(plan);
  sayWarnings([...gathered.unreachable, ...plan.members]);
  if (flags.dryRun === true) return print(renderBrief(plan, paintPlan));
  for (const text of gathered.settled) say(text);
  if (hasChanges(plan)) {
    say(renderBrief(plan, paintPlan));
    if (flags.yes !== true && !(await askYes("Remove all of this?"))) return declined();
  }
  // a frozen host may leave: what a revert left behind goes too
  const result = await runPlan({ plan, gathered }, session, { verify: false, repair: true });
  reportResult(result, plan, kind);
  if (result.outcome !== "applied" && result.outcome !== "nothing-to-do") return;
  if (plan.lock === null) await session.locks.commit(null);
  else if (gathered.unreachable.length > 0) {
    say("The lock stays, because some hosts could not be reached: run `spanwire destroy` again when they answer.");
    process.exitCode = 1;
  }
}

/** Last of all: from here on nothing of ours is there to be asked. */
async function purge({ connections }: GatheredHosts): Promise<void> {
  const removed = await Promise.all(
    [...connections].map(async ([host, connection]) => {
      const answer = await connection.request("purge", {});
      return answer.removed ? [host] : [];
    }),
  );
  if (removed.flat().length > 0) print(`The host program is removed: ${removed.flat().sort().join(", ")}.`);
}

const HELP = `
A host is given back as it was found: former values of settings are put back, and our directory goes. A Docker network
with running containers is refused, with their names. --purge takes the host program away as well: the next command that
looks at a host places it again.

Examples:
  $ spanwire destroy --dry-run
  $ spanwire destroy --lab --file examples/quickstart.yaml
`;
