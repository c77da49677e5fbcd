import type { Command } from "commander";
import { hasChanges, type Plan } from "../../model/plan.ts";
import { formatProblem } from "../../model/problem.ts";
import type { GatheredHosts } from "../../engine/gather-hosts.ts";
import { resolveLab, withHosts, withTarget } from "../program/options.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { colour, print } from "../terminal/output.ts";
import { openSession, type TargetFlags } from "../program/session.ts";
import { surveyHosts } from "../../engine/make-plan.ts";
import { describeStatus, type ClusterStatus } from "../terminal/status-view.ts";

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

const paint = (name: Parameters<typeof colour>[0], text: string): string => colour(name, text, process.stdout);

function renderStatus(status: ClusterStatus, isNew: boolean): string {
  const lines = [paint("bold", `cluster ${status.cluster}`), ""];
  for (const host of status.hosts) {
    const half = host.silent.length > 0 ? paint("yellow", "answers in part") : paint("green", "reachable");
    const state = host.reachable ? half : paint("red", "not reachable");
    lines.push(`${host.name.padEnd(14)} ${host.address.padEnd(16)} ${state}${host.docker === "" ? "" : `  Docker ${host.docker}`}`);
  }
  for (const network of status.networks) {
    lines.push(
      "",
      paint("bold", `network ${network.name}`) +
        `  ${network.subnet}  MTU ${network.mtuBytes}  ${network.dataplane}  ${network.wire}${network.vni === undefined ? "" : `  key ${network.vni}`}`,
    );
    for (const link of network.links) {
      const state = link.state === "up" ? paint("green", "up") : paint("red", link.state);
      const traffic = `rx ${link.rxPackets} tx ${link.txPackets} packets, ${link.dropped} dropped`;
      const reach = link.tunnels.length === 0 ? `floods to ${link.peers}` : link.tunnels.map(renderTunnel).join(", ");
      lines.push(`  ${link.host.padEnd(12)} ${link.slice.padEnd(18)} tunnel ${state}, ${reach}; ${link.containers} containers; ${traffic}`);
    }
  }
  lines.push("");
  for (const problem of status.problems) lines.push(paint("red", formatProblem(problem)));
  for (const host of status.hosts) {
    if (host.frozen.length === 0) continue;
    lines.push(paint("red", `${host.name} is frozen: going back from a plan did not fully work. What differs from before:`));
    for (const line of host.frozen) lines.push(`  ${line}`);
    lines.push(`try: \`spanwire apply --repair\`, or put it right by hand and \`spanwire unfreeze ${host.name}\``);
  }
  if (status.mixed.length > 0) lines.push(paint("yellow", "The last plan did not end the same on every host:"));
  for (const line of status.mixed) lines.push(`  ${line}`);
  if (status.mixed.length > 0) lines.push("try: `spanwire apply` makes them all as the file says");
  for (const problem of status.refusals) lines.push(`${paint("red", "not to be applied:")} ${formatProblem(problem)}`);
  for (const line of status.unseen) lines.push(paint("yellow", `not looked at: ${line}`));
  if (isNew) lines.push("This cluster has not been applied yet: run `spanwire apply`.");
  else lines.push(...renderDrift(status), ...renderPending(status));
  return lines.join("\n");
}

function renderDrift(status: ClusterStatus): string[] {
  if (status.drift.length === 0) return [describeNoDrift(status)];
  return [
    paint("yellow", "Drift, not as it was last confirmed:"),
    ...status.drift.map(({ host, what, key, reason }) => `  ${host}: ${what}: ${reason}  ${paint("dim", key)}`),
    "try: `spanwire apply --repair` puts exactly this right",
  ];
}

function renderPending({ pending }: ClusterStatus): string[] {
  if (pending.length === 0) return [];
  const hosts = [...new Set(pending.map(({ host }) => host))].join(", ");
  const count = `${pending.length} change${pending.length === 1 ? "" : "s"}`;
  return [
    paint("yellow", `Pending: the file is newer than what was applied, with ${count} on ${hosts}.`),
    "try: `spanwire plan` shows them, `spanwire apply` makes them",
  ];
}

/** No news is good news only of what was looked at. */
function describeNoDrift({ hosts, unseen, pending }: ClusterStatus): string {
  const isAll = hosts.every((host) => host.reachable) && unseen.length === 0;
  if (hosts.every((host) => !host.reachable)) return paint("red", "No host answered: whether something has drifted is not known.");
  if (isAll && pending.length > 0) return paint("green", "No drift: every host is as it was last confirmed.");
  return isAll ? paint("green", "No drift: every host is as the file says.") : paint("yellow", "No drift in what could be looked at.");
}

/** "vm2 blocked" is fine where the spanning tree keeps a link in reserve; what is not as expected stands out. */
function renderTunnel({ to, state, expected }: ClusterStatus["networks"][number]["links"][number]["tunnels"][number]): string {
  if (state === expected) return `${to} ${state}${state === "blocked" ? " (in reserve)" : ""}`;
  return paint(state === "forwarding" || state === "blocked" ? "yellow" : "red", `${to} ${state}, not ${expected}`);
}

const HELP = `
Exit code: 0 when every host answers and is as the file says, else 1.

Examples:
  $ spanwire status
  $ spanwire status --lab --file examples/quickstart.yaml --json
`;
