import { SpanwireError } from "../model/problem.ts";
import {
  DEFAULT_MTU_BYTES,
  DEFAULT_RUN_ID,
  hostDirectory,
  hostName,
  hostNamespace,
  managementAddress,
  MAX_HOSTS,
  parseRunId,
  switchNamespace,
  underlayAddress,
} from "./lab-names.ts";
import { currentOwner, type DockerFlavour, type LabHost, type LabState } from "./lab-state.ts";
import { type OvsChoice, resolveDatapath } from "./host/ovs-datapath.ts";

/** What a caller may wish for; everything has a default. */
export interface LabWish {
  /** Default "demo". */
  runId?: string;
  /** Default 3. */
  hosts?: number;
  /** Default "host": the machine's own Docker. */
  docker?: DockerFlavour;
  /** Default "none": its two daemons per host cost time, and with "netdev" the underlay address is on another device. */
  ovs?: OvsChoice;
  /** Of the data plane; default 1500. */
  mtuBytes?: number;
}

export const DEFAULT_HOSTS = 3;
export const DOCKER_FLAVOURS: readonly DockerFlavour[] = ["host", "20", "28", "none"];
/** Below it IPv6 stops working on a link (RFC 8200, section 5); above it a veth refuses. */
const MTU_RANGE_BYTES = [1280, 65535] as const;

/** The state a wish leads to, before anything exists. */
export function resolveLab(wish: LabWish): LabState {
  const runId = parseRunId(wish.runId ?? DEFAULT_RUN_ID);
  const count = checkNumber("the number of hosts", wish.hosts ?? DEFAULT_HOSTS, 1, MAX_HOSTS);
  const hosts = Array.from({ length: count }, (_, position) => resolveHost(runId, position + 1));
  return {
    version: 1,
    runId,
    phase: "starting",
    owner: currentOwner(),
    docker: checkFlavour(wish.docker ?? "host"),
    ovs: resolveDatapath(runId, wish.ovs ?? "none"),
    mtuBytes: checkNumber("the MTU", wish.mtuBytes ?? DEFAULT_MTU_BYTES, ...MTU_RANGE_BYTES),
    switchNamespace: switchNamespace(runId),
    namespaces: [switchNamespace(runId), ...hosts.map((host) => host.namespace)],
    hosts,
  };
}

function resolveHost(runId: string, index: number): LabHost {
  const directory = hostDirectory(runId, index);
  return {
    name: hostName(index),
    index,
    namespace: hostNamespace(runId, index),
    managementAddress: managementAddress(index),
    address: underlayAddress(index),
    directory,
    dockerSocket: `${directory}/docker.sock`,
    stateDirectory: `${directory}/state`,
  };
}

/** Whether a lab that exists is what is wished for. */
export function isSameShape(a: LabState, b: LabState): boolean {
  return a.hosts.length === b.hosts.length && a.docker === b.docker && a.ovs === b.ovs && a.mtuBytes === b.mtuBytes;
}

export function describeShape(lab: LabState): string {
  return `${lab.hosts.length} ${lab.hosts.length === 1 ? "host" : "hosts"}, docker ${lab.docker}, ovs ${lab.ovs}, MTU ${lab.mtuBytes}`;
}

function checkNumber(what: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw wishProblem(what, String(value), `it must be a whole number from ${min} to ${max}`);
}

function checkFlavour(value: DockerFlavour): DockerFlavour {
  if (DOCKER_FLAVOURS.includes(value)) return value;
  throw wishProblem("the Docker flavour", JSON.stringify(value), `it must be one of ${DOCKER_FLAVOURS.join(", ")}`);
}

function wishProblem(what: string, value: string, why: string): SpanwireError {
  return new SpanwireError({
    kind: "input",
    doing: "reading",
    what: `${what} (${value})`,
    where: "",
    why,
    try: "see `spanwire lab up --help`",
  });
}
