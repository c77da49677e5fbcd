import "./toy-plane.ts"; // first: whoever reads the registry finds it there
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterShape, hostNumber, toCluster, type ClusterShape } from "../fake/cluster-arbitrary.ts";
import { createFakeFleet, UUID, type FakeFleet } from "../fake/fake-fleet.ts";
import { PLAIN, problemsOf } from "../fake/plan-case.ts";
import { DATAPLANES, getDataplane, traitsOf, usesOverlay } from "../../src/dataplanes/index.ts";
import { KIND_NAMES, kindOf, observeResources, type Resource } from "../../src/kinds/index.ts";
import { formatLock, parseLock } from "../../src/lock/lock-file.ts";
import type { Cluster, DataplaneSpec, Network } from "../../src/model/cluster.ts";
import { findMember } from "../../src/model/network.ts";
import type { Plan } from "../../src/model/plan.ts";
import { resolveLinks } from "../../src/net/graph/links.ts";
import { encapOverheadBytes } from "../../src/net/mtu.ts";
import { wireOf } from "../../src/net/tunnel.ts";
import { deriveFacts } from "../../src/plan/host-state.ts";
import { compileHost } from "../../src/plan/compile/compile-host.ts";

/**
 * What every registered data plane must do, with its defaults and in every way of addressing it offers. A new plane takes part
 * by its line in the registry. Open vSwitch's other shapes come in by the corpus of the kinds' suite.
 */
const UNDERLAY_MTU_BYTES = 1500;
const RUNS = { numRuns: 25 };

const written = (type: string, names: readonly string[]): DataplaneSpec => {
  const plane = getDataplane({ type });
  return plane.resolve(plane.schema.parse({ type }), names);
};

/** Two to six hosts, one or two networks of this plane and one of the default beside them. */
const clusterOf = (type: string): fc.Arbitrary<Cluster> =>
  fc
    .record({
      hosts: fc.subarray([1, 2, 3, 4, 5, 6], { minLength: 2 }),
      count: fc.constantFrom(1, 2),
      egress: fc.constantFrom("masquerade" as const, "none" as const),
      docker: fc.boolean(),
      mode: fc.nat(),
      hasOther: fc.boolean(),
    })
    .map(({ hosts, count, egress, docker, mode, hasOther }) => {
      const plane = written(
        type,
        hosts.map((number) => hostNumber(number).name),
      );
      const modes = traitsOf(plane).addressing;
      const network = { ...PLAIN, egress, docker, plane, perHost: modes[mode % modes.length] === "per-host" };
      const networks = { 1: network, ...(count === 2 ? { 2: network } : {}), ...(hasOther ? { 3: { ...PLAIN, port: 5555 } } : {}) };
      return toCluster({ hosts, networks } satisfies ClusterShape);
    });

const all = (plan: Plan): string[] => plan.hosts.flatMap(({ host, steps }) => steps.map(({ key }) => `${host} ${key}`));
const isOf =
  (type: string) =>
  ({ dataplane }: Pick<Network, "dataplane">): boolean =>
    dataplane.type === type;

async function applied(cluster: Cluster): Promise<{ fleet: FakeFleet; plan: Plan }> {
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const result = await fleet.apply(plan);
  expect(result.problems).toEqual([]);
  expect(result.outcome).toBe("applied");
  return { fleet, plan };
}

describe.each([...DATAPLANES.keys()])("data plane %s", (type) => {
  const plane = getDataplane({ type });
  const onEvery = (check: (cluster: Cluster) => Promise<void>): Promise<void> => fc.assert(fc.asyncProperty(clusterOf(type), check), RUNS);

  test("its schema takes the short form and no field it does not know; defaults are the same every time", () => {
    expect(plane.type).toBe(type);
    expect(plane.schema.safeParse({ type }).success).toBe(true);
    expect(plane.schema.safeParse({ type, surprise: 1 }).success).toBe(false);
    expect(plane.schema.safeParse({ type: "other" }).success).toBe(false);
    expect(written(type, ["a", "b"])).toEqual(written(type, ["a", "b"]));
    const { addressing, families, label } = traitsOf(written(type, ["a", "b"]));
    expect([addressing.length, families.length, label.length].every((count) => count > 0)).toBe(true);
  });

  test("its pin is as its schema says, is read back from the lock, and is kept", () =>
    onEvery(async (cluster) => {
      const fleet = createFakeFleet(cluster.hosts);
      const { lock } = await fleet.plan(cluster);
      for (const { dataplane } of Object.values(lock!.networks).filter(isOf(type)))
        expect(plane.pinSchema.parse(dataplane)).toEqual(dataplane);
      expect(parseLock(formatLock(lock!), "f")).toEqual(lock);
      expect((await fleet.plan(cluster, lock!)).lock).toEqual(lock);
    }));

  test("two networks over the same hosts never have one number", () =>
    onEvery(async (cluster) => {
      const { networks } = await createFakeFleet(cluster.hosts).plan(cluster);
      const numbers = networks.flatMap(({ pin }) => getDataplane(pin).numberOf?.(pin) ?? []);
      expect(new Set(numbers).size).toBe(numbers.length);
    }));

  test("a plan after apply is empty, also when the lock is lost and found on the hosts; destroy restores", () =>
    onEvery(async (cluster) => {
      const fleet = createFakeFleet(cluster.hosts);
      const before = fleet.dump();
      const plan = await fleet.plan(cluster);
      expect((await fleet.apply(plan)).problems).toEqual([]);
      const again = await fleet.plan(cluster, plan.lock!);
      expect(all(again)).toEqual([]);
      for (const { pin, name } of plan.networks.filter(isOf(type))) {
        const input = { network: cluster.networks.find((network) => network.name === name)!, uuid: UUID };
        const found = plane.recover({
          ...input,
          hostOf: new Map(cluster.hosts.map((host) => [host.address, host.name])),
          hosts: cluster.hosts.map((host) => host.name),
          snapshots: new Map([...fleet.hosts].map(([host, { snapshot }]) => [host, snapshot()])),
        });
        expect([pin, undefined]).toContainEqual(found);
      }
      expect((await fleet.destroy(plan.lock!)).problems).toEqual([]);
      expect(fleet.dump()).toBe(before);
    }));

  test("what a host needs depends on nothing but the input, and belongs to its network", () =>
    onEvery(async (cluster) => {
      const { fleet, plan } = await applied(cluster);
      const facts = new Map(
        cluster.hosts.map(({ name, address }) => [name, deriveFacts(fleet.hosts.get(name)!.snapshot(), UUID, address)]),
      );
      for (const { name: host } of cluster.hosts) {
        const input = { cluster, clusterUuid: UUID, networks: plan.networks, host, facts };
        expect(compileHost(input)).toEqual(compileHost(input));
        for (const network of plan.networks.filter(isOf(type))) {
          const member = findMember(network, host)!;
          for (const resource of plane.compile({ network, member, mark: "spanwire,uuid=x", facts }))
            expect([resource.network, KIND_NAMES.includes(resource.kind)]).toEqual([network.name, true]);
        }
      }
    }));

  test("its traits agree with what it makes: the wire, the MTU, the layer", () =>
    onEvery(async (cluster) => {
      const { fleet, plan } = await applied(cluster);
      for (const network of plan.networks.filter(isOf(type))) {
        const { tunnel, layer, families } = traitsOf(network.dataplane);
        expect(network.mtuBytes + encapOverheadBytes(tunnel, 4)).toBe(UNDERLAY_MTU_BYTES);
        expect(families).toContain(4);
        for (const { host } of network.members) {
          const snapshot = fleet.hosts.get(host)!.snapshot();
          const mine = [...observeResources(snapshot, UUID).values()].filter((resource) => resource.network === network.name);
          const names = new Set(mine.flatMap((resource) => kindOf(resource).touches(resource).devices));
          const standing = deriveFacts(snapshot, UUID, "").tunnels.filter(({ name, isOurs }) => isOurs && names.has(name));
          expect(new Set(standing.map(({ wire }) => wire))).toEqual(new Set(tunnel === undefined ? [] : [wireOf(tunnel)]));
          for (const resource of mine) if ("mtuBytes" in resource) expect(resource.mtuBytes).toBe(network.mtuBytes);
          // on layer 3 nothing but members is a port of the bridge, and every other host's members have a route
          const ports = snapshot.links.filter(({ master }) => master === network.bridge);
          expect(ports.length > 0).toBe(layer === 2);
          if (layer === 3 || usesOverlay({ addressing: { mode: network.addressing, pins: {} }, dataplane: network.dataplane }))
            expect(routesOf(mine)).toEqual(network.members.flatMap((peer) => (peer.host === host ? [] : [peer.slice])).sort());
        }
      }
    }));

  test("its status says where hosts are joined, and nothing before they are", () =>
    onEvery(async (cluster) => {
      const { fleet, plan } = await applied(cluster);
      for (const network of plan.networks.filter(isOf(type))) {
        const links = resolveLinks(
          traitsOf(network.dataplane).topology,
          cluster.hosts.map(({ name }) => name),
        );
        for (const { host } of network.members) {
          const snapshot = fleet.hosts.get(host)!.snapshot();
          const resources = [...observeResources(snapshot, UUID).values()];
          const status = plane.status({ network, host, resources, snapshot });
          expect(status?.isUp).toBe(true);
          expect(status!.peers).toBeGreaterThanOrEqual(links.filter((link) => link.includes(host)).length);
          expect(
            plane.status({ network, host, resources: [], snapshot: createFakeFleet(cluster.hosts).hosts.get(host)!.snapshot() }),
          ).toBeUndefined();
        }
      }
    }));

  test("a refusal comes before the first step of any host", () =>
    onEvery(async (cluster) => {
      const fleet = createFakeFleet(cluster.hosts);
      const last = [...fleet.hosts.values()].at(-1)!;
      last.kernel.addresses = last.kernel.addresses.filter(({ device }) => device === "lo"); // nobody reaches it
      const before = fleet.dump();
      const problems = await problemsOf(fleet.plan(cluster));
      expect(problems.map(({ where }) => where)).toContain(last.name);
      expect(fleet.dump()).toBe(before);
      expect([...fleet.hosts.values()].flatMap(({ batches }) => batches)).toEqual([]);
    }));
});

const routesOf = (resources: readonly Resource[]): string[] =>
  resources.flatMap((resource) => (resource.kind === "route" ? [resource.destination] : [])).sort();

test("any cluster of the registered planes keeps to its traits' addressing", () => {
  fc.assert(
    fc.property(clusterShape, (shape) => {
      for (const { dataplane, addressing } of toCluster(shape).networks) expect(traitsOf(dataplane).addressing).toContain(addressing.mode);
    }),
  );
});
