import { existsSync } from "node:fs";
import { requestDocker } from "../util/docker-request.ts";
import { askDaemons, type DaemonAnswer } from "./host/daemons.ts";
import { type LabFaults, readFaults } from "./lab-faults.ts";
import { namespacePath } from "./lab-names.ts";
import { type DockerFlavour, isBusy, type LabHost, type LabState, type OvsDatapath, readLab } from "./lab-state.ts";

export interface LabHostStatus {
  name: string;
  address: string;
  managementAddress: string;
  namespace: string;
  /** false: somebody deleted its network namespace. */
  exists: boolean;
  dockerSocket: string | null;
  /** null: it has none, or it does not answer. */
  dockerVersion: string | null;
  runningContainers: number | null;
  daemons: DaemonAnswer[];
  directory: string;
}

export interface LabStatus {
  version: 1;
  kind: "lab-status";
  runId: string;
  /** `broken`: a start or stop was interrupted, or something of it is gone; `lab up` starts it again. */
  state: "up" | "starting" | "stopping" | "broken";
  docker: DockerFlavour;
  ovs: OvsDatapath;
  mtuBytes: number;
  hosts: LabHostStatus[];
  faults: LabFaults;
}

/** Asks the kernel and the daemons; the state file only says where to look. */
export async function readLabStatus(runId: string): Promise<LabStatus> {
  const lab = readLab(runId);
  const hosts = await Promise.all(lab.hosts.map((host) => readHost(lab, host)));
  const state = judge(lab, hosts);
  return {
    version: 1,
    kind: "lab-status",
    runId,
    state,
    docker: lab.docker,
    ovs: lab.ovs,
    mtuBytes: lab.mtuBytes,
    hosts,
    faults: lab.phase === "up" && isWhole(lab, hosts) ? await readFaults(lab) : { cuts: [], losses: [], mtus: [] },
  };
}

async function readHost(lab: LabState, host: LabHost): Promise<LabHostStatus> {
  const daemons = await askDaemons(lab, host);
  const dockerVersion = daemons.find((answer) => answer.daemon === "dockerd")?.version ?? null;
  return {
    name: host.name,
    address: host.address,
    managementAddress: host.managementAddress,
    namespace: host.namespace,
    exists: existsSync(namespacePath(host.namespace)),
    dockerSocket: lab.docker === "none" ? null : host.dockerSocket,
    dockerVersion,
    runningContainers: dockerVersion === null ? null : await countContainers(host.dockerSocket),
    daemons,
    directory: host.directory,
  };
}

async function countContainers(socketPath: string): Promise<number | null> {
  try {
    const answer = await requestDocker(socketPath, "GET", "/containers/json");
    return answer.status === 200 ? (JSON.parse(answer.body) as unknown[]).length : null;
  } catch {
    return null; // the daemon has just ended
  }
}

function judge(lab: LabState, hosts: readonly LabHostStatus[]): LabStatus["state"] {
  if (lab.phase !== "up") return isBusy(lab) ? lab.phase : "broken";
  const answering = hosts.every((host) => host.daemons.every((answer) => answer.version !== null));
  return isWhole(lab, hosts) && answering ? "up" : "broken";
}

const isWhole = (lab: LabState, hosts: readonly LabHostStatus[]): boolean =>
  existsSync(namespacePath(lab.switchNamespace)) && hosts.every((host) => host.exists);
