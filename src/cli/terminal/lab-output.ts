import type { EnsuredLab } from "../../lab/ensure-lab.ts";
import { DEFAULT_RUN_ID, GATEWAY_ADDRESS, OUTSIDE_ADDRESS } from "../../lab/lab-names.ts";
import type { LabHostStatus, LabStatus } from "../../lab/lab-status.ts";

export function renderLabUp(status: LabStatus, outcome: EnsuredLab["outcome"], durationMs: number): string {
  const how = {
    started: `is up, in ${(durationMs / 1000).toFixed(1)} s`,
    restarted: `was broken and is up again, in ${(durationMs / 1000).toFixed(1)} s`,
    "already-up": "is up already",
  }[outcome];
  const run = status.runId === DEFAULT_RUN_ID ? "" : ` --run ${status.runId}`;
  const command = status.docker === "none" ? "ip -brief address" : "docker run --rm spx-busybox ping -c1 10.99.0.2";
  return [`lab "${status.runId}" ${how}`, ...status.hosts.map(hostLine), `try: spanwire lab exec h1${run} -- ${command}`].join("\n");
}

export function renderLabStatus(status: LabStatus): string {
  const advice =
    status.state === "broken"
      ? " (an interrupted start or stop, or something is gone; `lab heal` starts dead daemons, `lab up` all of it again)"
      : "";
  return [
    `lab "${status.runId}": ${status.state}${advice}`,
    ...status.hosts.map(hostLine),
    `  gateway ${GATEWAY_ADDRESS}, outside ${OUTSIDE_ADDRESS}, MTU ${status.mtuBytes}`,
    ...(status.ovs === "none" ? [] : [`  Open vSwitch datapath: ${status.ovs}`]),
    ...(status.state === "starting" || status.state === "stopping" ? [] : faultLines(status)),
  ].join("\n");
}

export function renderLabList(runIds: readonly string[]): string {
  return runIds.length === 0 ? "no lab runs on this machine" : runIds.join("\n");
}

function hostLine(host: LabHostStatus): string {
  return `  ${host.name.padEnd(4)}${host.address.padEnd(12)}${describeHost(host)}`;
}

function describeHost(host: LabHostStatus): string {
  if (!host.exists) return "its network namespace is gone";
  const words = host.daemons.map((answer) => describeDaemon(host, answer)).filter((text) => text !== undefined);
  return words.length === 0 ? "no Docker, no Open vSwitch" : words.join("; ");
}

/** Open vSwitch's two daemons have one version: said once. */
function describeDaemon(host: LabHostStatus, { daemon, version }: LabHostStatus["daemons"][number]): string | undefined {
  const log = daemon === "dockerd" ? `${host.directory}/dockerd.log` : `${host.directory}/openvswitch/log/${daemon}.log`;
  if (version === null) return `${daemon} does not answer (log: ${log})`;
  if (daemon === "dockerd") return `Docker ${version}, ${host.runningContainers ?? "?"} running`;
  return daemon === "ovs-vswitchd" ? `Open vSwitch ${version}` : undefined;
}

function faultLines(status: LabStatus): string[] {
  const cuts = status.faults.cuts.map(([a, b]) => `  fault: nothing passes between ${a} and ${b}`);
  const losses = status.faults.losses.map(
    ({ hosts: [a, b], percent }) => `  fault: ${percent}% of the frames between ${a} and ${b} are lost`,
  );
  const mtus = status.faults.mtus.map(
    (mtu) => `  fault: ${mtu.host} has MTU ${mtu.ownMtuBytes}, the switch's port towards it ${mtu.portMtuBytes} (larger frames vanish)`,
  );
  const silent = status.hosts.some((host) => host.daemons.some((answer) => answer.version === null));
  return cuts.length + losses.length + mtus.length === 0 && !silent ? ["  no faults"] : [...cuts, ...losses, ...mtus];
}
