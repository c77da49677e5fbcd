import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterEdit, clusterShape, toCluster, type ClusterShape } from "../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet, UUID, type FakeFleet } from "../../tests/fake/fake-fleet.ts";
import { DAMAGES } from "../../tests/fake/damage.ts";
import type { WireguardSpec } from "../dataplanes/wireguard/schema.ts";
import { hasChanges } from "../model/plan.ts";
import { forgetRemovedHosts } from "../../tests/fake/forget-removed-hosts.ts";
import type { Lock } from "../model/lock.ts";

const RING = { tunnel: "gre", topology: "ring", tree: "rstp", splitHorizon: false } as const;
const MESH = { tunnel: "vxlan", topology: "mesh", tree: "rstp", splitHorizon: true, join: "veth" } as const;
const WIREGUARD: WireguardSpec = { type: "wireguard", behindNat: ["h1"], implementation: "kernel" };
const RUNS = { numRuns: 40 };

/** Applies and insists: it worked, no two tunnels flooded at once, and nothing is left to do. */
async function applyFully(fleet: FakeFleet, shape: ClusterShape, lock?: Lock): Promise<Lock> {
  const cluster = toCluster(shape);
  const plan = await fleet.plan(cluster, lock);
  const result = await fleet.apply(plan);
  expect(result.problems).toEqual([]);
  expect(["applied", "nothing-to-do"]).toContain(result.outcome);
  for (const host of fleet.hosts.values()) expect(host.loops).toEqual([]);
  const settled = forgetRemovedHosts(plan);
  const again = await fleet.plan(cluster, settled);
  expect(again.hosts.flatMap((host) => host.steps)).toEqual([]);
  expect(again.lock).toEqual(settled);
  return settled;
}

test("apply converges, the second plan is empty, destroy gives every host back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, async (shape) => {
      const cluster = toCluster(shape);
      const fleet = createFakeFleet(cluster.hosts);
      for (const host of fleet.hosts.values()) {
        // somebody else's things: they must neither disturb nor be disturbed
        host.docker.networks.push({
          id: "x",
          name: "theirs",
          driver: "bridge",
          scope: "local",
          internal: false,
          subnets: [{ subnet: "172.30.0.0/16", ipRange: "", gateway: "172.30.0.1", aux: {} }],
          options: {},
          labels: {},
        });
        host.kernel.sysctls.set("net.ipv4.ip_forward", host.name === "h1" ? "1" : "0");
      }
      const before = fleet.dump();
      const lock = await applyFully(fleet, shape);
      const destroyed = await fleet.destroy(lock);
      expect(destroyed.problems).toEqual([]);
      expect(fleet.dump()).toBe(before);
    }),
    RUNS,
  );
});

test("any sequence of edits converges step by step", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, fc.array(clusterEdit, { minLength: 1, maxLength: 5 }), async (start, edits) => {
      const fleet = createFakeFleet(toCluster(start).hosts);
      let shape = start;
      let lock = await applyFully(fleet, shape);
      for (const edit of edits) {
        shape = edit(shape);
        lock = await applyFully(fleet, shape, lock);
      }
      await fleet.destroy(lock);
      for (const host of fleet.hosts.values()) expect([...host.kernel.links.keys()]).toEqual(["lo", "eth0"]);
    }),
    RUNS,
  );
});

test("any damage is found, and repaired by one apply", async () => {
  const damage = fc.record({ name: fc.constantFrom(...Object.keys(DAMAGES)), host: fc.nat(5), pick: fc.nat(100) });
  await fc.assert(
    fc.asyncProperty(clusterShape, fc.array(damage, { minLength: 1, maxLength: 4 }), async (shape, damages) => {
      const cluster = toCluster(shape);
      const fleet = createFakeFleet(cluster.hosts);
      const lock = await applyFully(fleet, shape);
      const whole = fleet.dump();
      for (const { name, host, pick } of damages) {
        const victim = fleet.hosts.get(cluster.hosts[host % cluster.hosts.length]!.name)!;
        DAMAGES[name]!(victim, (count) => (count === 0 ? 0 : pick % count));
      }
      const isDamaged = fleet.dump() !== whole;
      expect(hasChanges(await fleet.plan(cluster, lock))).toBe(isDamaged);
      await applyFully(fleet, shape, lock);
    }),
    { numRuns: 50 },
  );
});

test.each(Object.keys(DAMAGES))("%s: found and repaired", async (name) => {
  const shape: ClusterShape = {
    hosts: [1, 2, 3],
    networks: {
      1: { vni: undefined, port: 8472, egress: "masquerade", docker: true, mtu: undefined, pin: undefined },
      2: { vni: undefined, port: 8472, egress: "masquerade", docker: true, mtu: undefined, pin: undefined, ovs: RING, perHost: true },
      3: { vni: undefined, port: 8472, egress: "none", docker: false, mtu: undefined, pin: undefined, ovs: MESH },
      4: { vni: undefined, port: 8472, egress: "none", docker: true, mtu: undefined, pin: undefined, plane: WIREGUARD, perHost: true },
    },
  };
  const cluster = toCluster(shape);
  const fleet = createFakeFleet(cluster.hosts);
  const lock = await applyFully(fleet, shape);
  expect(DAMAGES[name]!(fleet.hosts.get("h2")!, () => 0)).toBe(true);
  const plan = await fleet.plan(cluster, lock);
  expect(plan.hosts.filter((host) => host.steps.length > 0).map((host) => host.host)).toEqual(["h2"]);
  await applyFully(fleet, shape, lock);
  expect(plan.clusterUuid).toBe(UUID);
});
