import { PROTOCOL } from "../rpc/methods.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Host } from "../model/cluster.ts";
import type { Connection, Transport } from "../transport/connection.ts";
import { SpanwireError, toProblems, type Problem } from "../model/problem.ts";
import { VERSION } from "../util/version.ts";

export interface GatheredHosts {
  connections: ReadonlyMap<string, Connection>;
  snapshots: ReadonlyMap<string, Snapshot>;
  /** Hosts that did not answer, and why. */
  unreachable: readonly Problem[];
  /** Plans that had been cut off and were ended before the hosts were read, in words. */
  settled: readonly string[];
  close(): Promise<void>;
}

/** Undoing may create Docker networks again, and those are swept. */
const SETTLE_TIMEOUT_MS = 300_000;

export interface GatherOptions {
  /** For those who are going to change something: a plan that was cut off is ended first, in this operator's name. */
  settleAs?: string;
}

/** Opens a conversation with every host at once and reads each of them. One that fails does not stop the others. */
export async function gatherHosts(hosts: readonly Host[], transport: Transport, options: GatherOptions = {}): Promise<GatheredHosts> {
  const connections = new Map<string, Connection>();
  const snapshots = new Map<string, Snapshot>();
  const unreachable: Problem[] = [];
  const settled: string[] = [];
  const read = await Promise.allSettled(
    hosts.map(async (host) => {
      try {
        const connection = await transport.open(host);
        connections.set(host.name, connection);
        await checkProtocol(connection);
        if (options.settleAs !== undefined) settled.push(...(await settle(connection, options.settleAs)));
        snapshots.set(host.name, requireSnapshot(await connection.request("observe", {}), host.name));
      } catch (error) {
        // what is nobody's host is not told of each of them: no executable to place, no such lab
        if (error instanceof SpanwireError && error.problems.every((problem) => problem.where === "")) throw error;
        unreachable.push(...toProblems(error, "reading", host.name));
      }
    }),
  );
  const close = async (): Promise<void> => void (await Promise.all([...connections.values()].map((connection) => connection.close())));
  const failure = read.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  return {
    connections: new Map([...connections].filter(([name]) => snapshots.has(name))),
    snapshots,
    settled: settled.sort(),
    unreachable: unreachable.sort((a, b) => (a.where < b.where ? -1 : 1)),
    close,
  };
}

/** What would happen at the plan's deadline, now. A host where somebody is still at it does nothing. */
async function settle(connection: Connection, operator: string): Promise<string[]> {
  const { planId, ok } = await connection.request("settle", { operator }, SETTLE_TIMEOUT_MS);
  if (planId === undefined) return [];
  return [`${connection.host}: plan ${planId} had been cut off; the host ${ok === true ? "is as before it again" : "is NOT as before it"}`];
}

async function checkProtocol(connection: Connection): Promise<void> {
  const { protocol, version } = await connection.request("hello", { version: VERSION });
  if (protocol === PROTOCOL) return;
  throw new SpanwireError({
    kind: "unsupported",
    doing: "talking to",
    what: "the host program",
    where: connection.host,
    why: `it is version ${version} and speaks protocol ${protocol}; this is ${VERSION} and speaks ${PROTOCOL}`,
    try: "use the same version of spanwire on both sides",
  });
}

const LISTS = ["links", "addresses", "routes", "fdb", "neighbours", "nftTables", "udpPorts"] as const satisfies (keyof Snapshot)[];
const RECORDS = ["sysctls", "docker", "ovs", "tools", "former"] as const satisfies (keyof Snapshot)[];

/** What a host says of itself is data from outside: half of it, or garbage, means that the host was not seen (B60). */
function requireSnapshot(value: unknown, host: string): Snapshot {
  const found = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const missing = [
    ...LISTS.filter((key) => !Array.isArray(found[key])),
    ...RECORDS.filter((key) => typeof found[key] !== "object" || found[key] === null),
  ];
  if (missing.length === 0) return found as unknown as Snapshot;
  throw new SpanwireError({
    kind: "unsupported",
    doing: "reading",
    what: "the host",
    where: host,
    why: `what its host program says is not what this version reads: ${missing.join(", ")} missing`,
    try: "use the same version of spanwire on both sides",
  });
}
