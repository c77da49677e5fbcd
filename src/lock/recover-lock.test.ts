import { numberOf } from "./pin-network.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterEditOf, clusterShapeOf, toCluster, type ClusterShape } from "../../tests/fake/cluster-arbitrary.ts";
import { applied, PLAIN, THREE_HOSTS } from "../../tests/fake/plan-case.ts";
import { formatLock } from "./lock-file.ts";

const KINDS = { ovs: true, perHost: true };
const RING = { tunnel: "gre", topology: "ring", tree: "rstp", splitHorizon: false } as const;
const withOvs = (ovs: ClusterShape["networks"][number]["ovs"]): ClusterShape => ({ ...THREE_HOSTS, networks: { 1: { ...PLAIN, ovs } } });

test("the lock of Open vSwitch networks and of per-host ones is rebuilt from what the hosts carry: nothing moves", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShapeOf(KINDS), async (shape) => {
      const { fleet, plan } = await applied(shape);
      const again = await fleet.plan(toCluster(shape));
      expect(again.hosts.flatMap((host) => host.steps)).toEqual([]);
      expect(formatLock(again.lock!)).toBe(formatLock(plan.lock!));
    }),
    { numRuns: 30 },
  );
});

test("a lock that is lost while the file changes still keeps numbers and addresses", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShapeOf(KINDS), clusterEditOf(KINDS), async (shape, edit) => {
      const { fleet, plan } = await applied(shape);
      const changed = edit(shape);
      fc.pre(changed.hosts.length >= shape.hosts.length);
      const known = await fleet.plan(toCluster(changed), plan.lock!);
      const lost = await fleet.plan(toCluster(changed));
      for (const [name, network] of Object.entries(known.lock!.networks)) {
        expect(lost.lock!.networks[name]).toMatchObject({ slices: network.slices, mtuBytes: network.mtuBytes });
        expect(lost.lock!.networks[name]!.overlay).toBe(network.overlay);
      }
    }),
    { numRuns: 30 },
  );
});

test("tunnels that are not what the file asks for get a new key, also when the lock is lost", async () => {
  const { fleet, plan } = await applied(withOvs({ ...RING, topology: "mesh", splitHorizon: true }));
  const before = plan.lock!.networks["n1"]!;
  const { lock } = await fleet.plan(toCluster(withOvs(RING)));
  expect(lock!.networks["n1"]).toMatchObject({ dataplane: { shape: "gre ring rstp" }, slices: before.slices, mtuBytes: before.mtuBytes });
  expect(numberOf(lock!.networks["n1"]!)).not.toBe(numberOf(before));
});
