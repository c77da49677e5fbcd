import { stripVTControlCharacters } from "node:util";
import { formatProblem } from "../../model/problem.ts";
import { colour } from "./output.ts";
import type { ClusterStatus } from "./status-view.ts";

const paint = (name: Parameters<typeof colour>[0], text: string): string => colour(name, text, process.stdout);

/** For a terminal of 80 columns, as long as names are short. */
export function renderStatus(status: ClusterStatus, isNew: boolean): string {
  const width = Math.max(...status.hosts.map(({ name }) => name.length), 4);
  const news = isNew
    ? ["This cluster has not been applied yet: run `spanwire apply`."]
    : [...renderDrift(status), ...renderPending(status)];
  return [
    paint("bold", `cluster ${status.cluster}`),
    "",
    ...status.hosts.map((host) => renderHost(host, width)),
    ...status.networks.flatMap((network) => renderNetwork(network, width)),
    "",
    ...renderTroubles(status),
    ...news,
  ].join("\n");
}

function renderHost(host: ClusterStatus["hosts"][number], width: number): string {
  const half = host.silent.length > 0 ? paint("yellow", "answers in part") : paint("green", "reachable");
  const state = host.reachable ? half : paint("red", "not reachable");
  const docker = host.docker === "" ? "" : `  Docker ${host.docker}`;
  return `${host.name.padEnd(width)}  ${host.address.padEnd(16)} ${state}${docker}`;
}

function renderNetwork(network: ClusterStatus["networks"][number], width: number): string[] {
  return [
    "",
    `${paint("bold", `network ${network.name}`)}  ${network.subnet}  MTU ${network.mtuBytes}  ${network.dataplane}`,
    `  ${network.wire}${network.vni === undefined ? "" : `, key ${network.vni}`}`,
    ...network.links.flatMap((link) => {
      const state = link.state === "up" ? paint("green", "up") : paint("red", link.state);
      const containers = `${link.containers} container${link.containers === 1 ? "" : "s"}`;
      const dropped = link.dropped === 0 ? "" : paint("yellow", `, ${link.dropped} dropped`);
      const hosts = `${link.peers} host${link.peers === 1 ? "" : "s"}`;
      return [
        `  ${link.host.padEnd(width)}  ${link.slice.padEnd(18)} tunnel ${state} to ${hosts}; ${containers}${dropped}`,
        ...wrap(link.tunnels.map(renderTunnel), width + 4),
      ];
    }),
  ];
}

function renderTroubles(status: ClusterStatus): string[] {
  const frozen = status.hosts.flatMap((host) =>
    host.frozen.length === 0
      ? []
      : [
          paint("red", `${host.name} is frozen: going back from a plan did not fully work. What differs from before:`),
          ...host.frozen.map((line) => `  ${line}`),
          `try: \`spanwire apply --repair\`, or put it right by hand and \`spanwire unfreeze ${host.name}\``,
        ],
  );
  const mixed =
    status.mixed.length === 0
      ? []
      : [
          paint("yellow", "The last plan did not end the same on every host:"),
          ...status.mixed.map((line) => `  ${line}`),
          "try: `spanwire apply` makes them all as the file says",
        ];
  return [
    ...status.problems.map((problem) => paint("red", formatProblem(problem))),
    ...frozen,
    ...mixed,
    ...status.refusals.map((problem) => `${paint("red", "not to be applied:")} ${formatProblem(problem)}`),
    ...status.unmet.map((problem) => `${paint("yellow", "waits:")} ${formatProblem(problem)}`),
    ...status.members.map((problem) => `${paint("yellow", "take care:")} ${formatProblem(problem)}`),
    ...status.unseen.map((line) => paint("yellow", `not looked at: ${line}`)),
  ];
}

const COLUMNS = 80;

/** Parts with commas between, on lines that fit a terminal of 80 columns. */
function wrap(parts: readonly string[], indent: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const isFull = last === undefined || stripVTControlCharacters(`${last}, ${part},`).length > COLUMNS;
    if (isFull) lines.push(`${" ".repeat(indent)}${part}`);
    else lines[lines.length - 1] = `${last}, ${part}`;
  }
  return lines.map((line, at) => (at < lines.length - 1 ? `${line},` : line));
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
