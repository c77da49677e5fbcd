import { applyPlan, type ApplyResult } from "../../src/engine/apply-plan.ts";
import { prepareHosts } from "../../src/engine/prepare-hosts.ts";
import { gatherHosts } from "../../src/engine/gather-hosts.ts";
import type { HostSystem } from "../../src/host/execute/host-system.ts";
import { buildPlan, requireAllowed } from "../../src/plan/build-plan.ts";
import { planRemoval } from "../../src/plan/plan-removal.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Cluster, Host } from "../../src/model/cluster.ts";
import type { Lock } from "../../src/model/lock.ts";
import { createInProcessTransport } from "../../src/transport/in-process.ts";
import type { Transport } from "../../src/transport/connection.ts";
import type { Problem } from "../../src/model/problem.ts";
import { createFakeHost, type FakeHost } from "./fake-system.ts";

export const UUID = "11111111-2222-4333-8444-555555555555";

/** Fake hosts behind the real host program, in-process: plans and applies run through all of our own code. */
export interface FakeFleet {
  hosts: Map<string, FakeHost>;
  transport: Transport;
  /** As it is carried out: every host has made what others must name. */
  plan(cluster: Cluster, lock?: Lock, renew?: ReadonlySet<string>): Promise<Plan>;
  apply(plan: Plan, options?: ApplyOptions): Promise<ApplyResult>;
  destroy(lock: Lock): Promise<ApplyResult>;
  dump(): string;
}

export interface ApplyOptions {
  /** Wraps a host's system, to make it fail. */
  wrap?: (host: string, system: HostSystem) => HostSystem;
  verify?: () => Promise<readonly Problem[]>;
  repair?: boolean;
}

export function createFakeFleet(members: readonly Pick<Host, "name" | "address">[], mtuBytes?: number): FakeFleet {
  const hosts = new Map<string, FakeHost>();
  const add = ({ name, address }: Pick<Host, "name" | "address">): void => void hosts.set(name, createFakeHost(name, address, mtuBytes));
  for (const member of members) add(member);
  const transportWith = (wrap: ApplyOptions["wrap"]): Transport => {
    const wrapped = new Map<string, HostSystem>();
    return createInProcessTransport("fake", (name) => {
      const host = hosts.get(name);
      if (host === undefined) throw new Error(`no fake host ${name}`);
      const system = wrapped.get(name) ?? wrap?.(name, host) ?? host;
      wrapped.set(name, system); // one wrapper a host: a fault that struck must not strike again
      return { system, state: host.state, selfArgv: ["true"] };
    });
  };
  const transport = transportWith(undefined);

  const apply = async (plan: Plan, { wrap, verify, repair }: ApplyOptions = {}): Promise<ApplyResult> => {
    const way = transportWith(wrap);
    const gathered = await gatherHosts(
      plan.hosts.map(({ host, address, ssh }) => ({ name: host, address, ssh })),
      way,
    );
    try {
      return await applyPlan({
        plan,
        connections: gathered.connections,
        transport: way,
        operator: "tester",
        onProgress: () => {},
        verify: verify ?? (async () => []),
        ...(repair === undefined ? {} : { repair }),
      });
    } finally {
      await gathered.close();
    }
  };

  const prepare = async (plan: Plan): Promise<Plan> => {
    const asked = plan.hosts.map(({ host, address, ssh }) => ({ name: host, address, ssh }));
    const gathered = await gatherHosts(asked, transport);
    return prepareHosts({ plan, gathered })
      .then((done) => done.plan)
      .finally(() => gathered.close());
  };

  return {
    hosts,
    transport,
    apply,
    async plan(cluster, lock, renew) {
      for (const host of cluster.hosts) if (!hosts.has(host.name)) add(host);
      const asked = [...cluster.hosts, ...leaversOf(cluster, lock)];
      const gathered = await gatherHosts(asked, transport);
      await gathered.close();
      const { snapshots, unreachable } = gathered;
      const plan = buildPlan({ cluster, lock, freshUuid: UUID, snapshots, unreachable, ...(renew === undefined ? {} : { renew }) });
      requireAllowed(plan);
      return prepare(plan);
    },
    async destroy(lock) {
      const planned = Object.entries({ ...lock.removedHosts, ...lock.hosts }).map(([name, locked]) =>
        planRemoval({ name, ...locked }, hosts.get(name)!.snapshot(), lock.uuid, { name: lock.cluster, networks: [] }),
      );
      const plan: Plan = {
        version: 2,
        kind: "plan",
        lockBefore: null,
        networks: [],
        refusals: [],
        cluster: lock.cluster,
        clusterUuid: lock.uuid,
        lock: null,
        lockChanges: [],
        hosts: planned.map(({ host }) => host),
        warnings: [],
        unmet: [],
        members: [],
      };
      return apply(plan);
    },
    dump: () => [...hosts.values()].map((host) => `${host.name}\n${host.dump()}`).join("\n"),
  };
}

/** Hosts that are in the lock and no longer in the file. */
function leaversOf(cluster: Cluster, lock: Lock | undefined): Host[] {
  const former = Object.entries({ ...lock?.removedHosts, ...lock?.hosts });
  return former
    .filter(([name]) => cluster.hosts.every((host) => host.name !== name))
    .map(([name, { address, ssh }]) => ({ name, address, ssh }));
}
