import type { EnsuredLab } from "../lab/ensure-lab.ts";
import { DEFAULT_RUN_ID, GATEWAY_ADDRESS, OUTSIDE_ADDRESS } from "../lab/lab-names.ts";
import type { LabHostStatus, LabStatus } from "../lab/lab-status.ts";

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
  const advice = status.state === "broken" ? " (an interrupted start or stop, or something is gone; `lab up` starts it again)" : "";
  return [
    `lab "${status.runId}": ${status.state}${advice}`,
    ...status.hosts.map(hostLine),
    `  gateway ${GATEWAY_ADDRESS}, outside ${OUTSIDE_ADDRESS}, MTU ${status.mtuBytes}`,
    ...(status.state === "up" ? faultLines(status) : []),
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
  if (host.dockerSocket === null) return "no Docker";
  if (host.dockerVersion === null) return `Docker does not answer (log: ${host.directory}/dockerd.log)`;
  return `Docker ${host.dockerVersion}, ${host.runningContainers ?? "?"} running`;
}

function faultLines(status: LabStatus): string[] {
  const cuts = status.faults.cuts.map(([a, b]) => `  fault: nothing passes between ${a} and ${b}`);
  const mtus = status.faults.mtus.map(
    (mtu) => `  fault: ${mtu.host} has MTU ${mtu.ownMtuBytes}, the switch's port towards it ${mtu.portMtuBytes} (larger frames vanish)`,
  );
  return cuts.length + mtus.length === 0 ? ["  no faults"] : [...cuts, ...mtus];
}
