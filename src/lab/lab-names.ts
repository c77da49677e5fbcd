import { SpanwireError } from "../model/problem.ts";

/** Everything a lab is called or addressed by follows from its run id, so two labs can never share a thing. */

export const DEFAULT_RUN_ID = "demo";
export const MAX_HOSTS = 50;
export const STATE_ROOT = "/run/spanwire-lab";
export const DATA_ROOT = "/var/lib/spanwire-lab";
export const CACHE_ROOT = "/var/cache/spanwire-lab";
export const NETNS_ROOT = "/run/netns";
export const IMAGE = "spx-busybox:latest";

/** Ethernet's payload (IEEE 802.3). */
export const DEFAULT_MTU_BYTES = 1500;
/** The switch's own address on the data bridge: every host's default gateway. */
export const GATEWAY_ADDRESS = "10.99.0.254";
/** The operator's desk, on the management bridge: from where the hosts are managed. */
export const DESK_ADDRESS = "192.168.250.254";
/** Stands for the internet: TEST-NET-2 (RFC 5737), so it can never be a real one. */
export const OUTSIDE_ADDRESS = "198.51.100.1";

/** Every process the lab starts carries this with the run id, so it is found however early its parent died. */
export const RUN_VARIABLE = "SPANWIRE_LAB_RUN";

const RUN_ID = /^[a-z][a-z0-9]{0,7}$/;

export function parseRunId(text: string): string {
  if (RUN_ID.test(text)) return text;
  throw new SpanwireError({
    kind: "input",
    doing: "reading the run id",
    what: JSON.stringify(text),
    where: "",
    why: "a run id is a small letter followed by at most 7 small letters or digits (it becomes part of namespace names)",
    try: `leave --run out to use "${DEFAULT_RUN_ID}", or choose one like "two"`,
  });
}

export const hostName = (index: number): string => `h${index}`;
export const hostNamespace = (runId: string, index: number): string => `spx-${runId}-h${index}`;
export const switchNamespace = (runId: string): string => `spx-${runId}-sw`;
export const namespacePath = (namespace: string): string => `${NETNS_ROOT}/${namespace}`;
export const managementAddress = (index: number): string => `192.168.250.${index}`;
export const underlayAddress = (index: number): string => `10.99.0.${index}`;
/** The switch's end of a host's data NIC. */
export const dataPort = (index: number): string => `data${index}`;
/** The switch's end of a host's management NIC. */
export const managementPort = (index: number): string => `mgmt${index}`;
export const runDirectory = (runId: string): string => `${DATA_ROOT}/${runId}`;
export const hostDirectory = (runId: string, index: number): string => `${DATA_ROOT}/${runId}/h${index}`;
/** A cgroup per host, named as its network namespace. */
export const hostCgroup = hostNamespace;
