import type { Command } from "commander";
import { hasChanges, type Plan } from "../../model/plan.ts";
import type { GatheredHosts } from "../../engine/gather-hosts.ts";
import { resolveLab, withHosts, withTarget } from "../program/options.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { print } from "../terminal/output.ts";
import { renderStatus } from "../terminal/render-status.ts";
import { openSession, type TargetFlags } from "../program/session.ts";
import { surveyHosts } from "../../engine/make-plan.ts";
import { describeStatus } from "../terminal/status-view.ts";

interface StatusFlags extends TargetFlags {
  json?: boolean;
}

export function registerStatus(program: Command): void {
  withHosts(withTarget(program.command("status")), "only these hosts")
    .description("hosts, networks, links, counters, what has drifted, and what of the file is not applied yet; changes nothing")
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", HELP)
    .action(async (raw: StatusFlags & { lab?: string | true }) => {
      const flags = resolveLab(raw);
      const session = await openSession(flags);
      const { plan, drift, gathered } = await surveyHosts(session, flags.host);
      await gathered.close();
      const status = describeStatus({ plan, drift, snapshots: gathered.snapshots, unreachable: gathered.unreachable });
      const ok = isAllWell(plan, gathered) && status.drift.length === 0;
      if (flags.json === true) printEnvelope("status", { ok, problems: status.problems }, status);
      else print(renderStatus(status, session.lock === undefined));
      if (!ok) process.exitCode = 1;
    });
}

function isAllWell(plan: Plan, gathered: GatheredHosts): boolean {
  const isFrozen = [...gathered.snapshots.values()].some((snapshot) => snapshot.frozen !== undefined);
  const isUnseen = plan.hosts.some((host) => host.unseen.length > 0);
  return gathered.unreachable.length === 0 && plan.refusals.length === 0 && !hasChanges(plan) && !isFrozen && !isUnseen;
}

const HELP = `
Exit code: 0 when every host answers and is as the file says, else 1.

Examples:
  $ spanwire status
  $ spanwire status --lab --file examples/quickstart.yaml --json
`;
