import fc from "fast-check";
import { addressAt, networkOf, overlapsPrefix, prefixSize } from "../../src/net/prefix.ts";
import { gatherHosts } from "../../src/engine/gather-hosts.ts";
import { applyPlan } from "../../src/engine/apply-plan.ts";
import type { HostSystem } from "../../src/host/execute/host-system.ts";
import { buildPlan } from "../../src/plan/build-plan.ts";
import type { ManagementPath } from "../../src/model/snapshot.ts";
import type { Connection, Transport } from "../../src/transport/connection.ts";
import { createInProcessTransport } from "../../src/transport/in-process.ts";
import type { Cluster } from "../../src/model/cluster.ts";
import { SpanwireError } from "../../src/model/problem.ts";
import { clusterShape, toCluster } from "../fake/cluster-arbitrary.ts";
import { createFakeFleet, UUID, type FakeFleet } from "../fake/fake-fleet.ts";
import type { FakeHost } from "../fake/fake-system.ts";
import type { DrillResult } from "./rollback-drill.ts";

export interface LockoutResult extends DrillResult {
  confirmWithinMs: number;
  /** From the last step to the host being as before. */
  slowestMs: number;
}

const CONFIRM_WITHIN_MS = 500;
const GRACE_MS = 5_000;

/**
 * Generated clusters of which a network takes in the operator's address, applied with the override: the host's answers go
 * into the overlay from that step on, and every one of them must come back by itself within its time and 5 s.
 */
export async function drillLockout(seed: number, runs: number): Promise<LockoutResult> {
  const failures: string[] = [];
  let slowestMs = 0;
  const scenes = fc.sample(fc.record({ shape: clusterShape, pick: fc.nat(1000), probes: fc.boolean() }), { seed, numRuns: runs });
  for (const [index, { shape, pick, probes }] of scenes.entries()) {
    const cluster = toCluster(shape);
    const fleet = createFakeFleet(cluster.hosts);
    const peer = await pickPeer(cluster, fleet, pick);
    const transport = createFragileTransport(fleet, peer, probes);
    const snapshots = new Map([...fleet.hosts].map(([name, host]) => [name, { ...host.snapshot(), management: pathTo(peer, host) }]));
    const input = { cluster, lock: undefined, freshUuid: UUID, snapshots, unreachable: [] };
    if (!isRefused(input)) failures.push(`run ${index}: it was planned without the override`);
    const plan = buildPlan({ ...input, allowManagementPath: true });
    const before = fleet.dump();
    const gathered = await gatherHosts(cluster.hosts, transport);
    const result = await applyPlan({
      ...{ plan, connections: gathered.connections, transport, operator: "drill", confirmWithinMs: CONFIRM_WITHIN_MS },
      onProgress: () => {},
      verify: async () => [],
    });
    const startedAt = performance.now();
    const isBack = (): boolean => fleet.dump() === before;
    while (!isBack() && performance.now() - startedAt < CONFIRM_WITHIN_MS + GRACE_MS)
      await new Promise((resolve) => setTimeout(resolve, 20));
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    if (result.outcome === "applied") failures.push(`run ${index}: it was applied`);
    if (!isBack()) failures.push(`run ${index}: lost: ${cluster.hosts.map(({ name }) => name).join(", ")}`);
    await gathered.close().catch(() => {});
  }
  return { runs: scenes.length, failures, confirmWithinMs: CONFIRM_WITHIN_MS, slowestMs: Math.round(slowestMs) };
}

/** An address that lies in one of the prefixes the plan puts onto a host. */
async function pickPeer(cluster: Cluster, fleet: FakeFleet, pick: number): Promise<string> {
  const { hosts } = await fleet.plan(cluster);
  const prefixes = hosts.flatMap(({ steps }) => steps.flatMap(({ after }) => (after?.kind === "address" ? [networkOf(after.cidr)] : [])));
  const prefix = prefixes[pick % prefixes.length]!;
  return addressAt(prefix, prefixSize(prefix) - 6n);
}

function isRefused(input: Parameters<typeof buildPlan>[0]): boolean {
  const { refusals } = buildPlan(input);
  return refusals.length > 0 && refusals.every((problem) => problem.try.includes("--allow-management-path"));
}

/** The host's route to the operator: the most specific one, which is our bridge once that has an address around it. */
function pathTo(peer: string, host: FakeHost): ManagementPath {
  const taken = host.kernel.addresses.find(({ device, cidr }) => device.startsWith("spw") && overlapsPrefix(`${peer}/32`, cidr));
  return taken === undefined
    ? { peer, device: "eth0", gateway: "192.0.2.254", source: "192.0.2.1" }
    : { peer, device: taken.device, source: taken.cidr };
}

/** What the operator says arrives; the answer does not while the host's route to the operator is not the real one. */
function createFragileTransport(fleet: FakeFleet, peer: string, probes: boolean): Transport {
  const hosts = createInProcessTransport("drill", (name) => {
    const host = fleet.hosts.get(name)!;
    const watched: HostSystem = {
      observe: () => host.observe(),
      execute: (batch) => host.execute(batch),
      ...(probes ? { probeManagement: async () => ({ path: pathTo(peer, host), answering: [] }) } : {}),
    };
    return { system: watched, state: host.state, selfArgv: ["true"] };
  });
  return {
    name: "drill",
    async open(target) {
      const connection = await hosts.open(target);
      return requireAnswer(connection, () => pathTo(peer, fleet.hosts.get(target.name)!).device === "eth0");
    },
  };
}

function requireAnswer(connection: Connection, isAnswered: () => boolean): Connection {
  const silent = (): SpanwireError =>
    new SpanwireError({ kind: "timeout", doing: "waiting for", what: "an answer", where: connection.host, why: "none came", try: "wait" });
  return {
    ...connection,
    async request(method, params) {
      // a connection that is cut does not tell the host so: only silence does
      if (!isAnswered()) throw silent();
      const answer = await connection.request(method, params);
      if (!isAnswered()) throw silent();
      return answer;
    },
  };
}
