import type { Snapshot } from "../resources/snapshot.ts";
import type { Host } from "../spec/cluster.ts";
import type { Connection, Transport } from "../transport/connection.ts";
import { SpanwireError, toProblems, type Problem } from "../util/problem.ts";
import { VERSION } from "../util/version.ts";

export interface GatheredHosts {
  connections: ReadonlyMap<string, Connection>;
  snapshots: ReadonlyMap<string, Snapshot>;
  /** Hosts that did not answer, and why. */
  unreachable: readonly Problem[];
  close(): Promise<void>;
}

const PROTOCOL = 1;

/** Opens a conversation with every host at once and reads each of them. One that fails does not stop the others. */
export async function gatherHosts(hosts: readonly Host[], transport: Transport): Promise<GatheredHosts> {
  const connections = new Map<string, Connection>();
  const snapshots = new Map<string, Snapshot>();
  const unreachable: Problem[] = [];
  const settled = await Promise.allSettled(
    hosts.map(async (host) => {
      try {
        const connection = await transport.open(host);
        connections.set(host.name, connection);
        await checkProtocol(connection);
        snapshots.set(host.name, requireSnapshot(await connection.request("observe", {}), host.name));
      } catch (error) {
        // what is nobody's host is not told of each of them: no executable to place, no such lab
        if (error instanceof SpanwireError && error.problems.every((problem) => problem.where === "")) throw error;
        unreachable.push(...toProblems(error, "reading", host.name));
      }
    }),
  );
  const close = async (): Promise<void> => void (await Promise.all([...connections.values()].map((connection) => connection.close())));
  const failure = settled.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  return {
    connections: new Map([...connections].filter(([name]) => snapshots.has(name))),
    snapshots,
    unreachable: unreachable.sort((a, b) => (a.where < b.where ? -1 : 1)),
    close,
  };
}

async function checkProtocol(connection: Connection): Promise<void> {
  const { protocol, version } = (await connection.request("hello", { version: VERSION })) as { protocol: number; version: string };
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
