import fc from "fast-check";
import { expect, it } from "vitest";
import { clusterShape, ovsShape, toCluster } from "../../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { resolveNetworks } from "../../lock/resolve-networks.ts";
import type { OvsTunnelResource } from "../../kinds/ovs-tunnel.ts";
import { getDataplane } from "../../dataplanes/index.ts";
import type { SpanningTree } from "./spanning-tree.ts";

interface Tunnel extends OvsTunnelResource {
  host: string;
  to: string;
}

/** Copies of one broadcast that come out of each host's bridge, by Open vSwitch's own rules; more than `most` is a storm. */
function countCopies(from: string, tunnels: readonly Tunnel[], tree: SpanningTree | undefined, most: number): Map<string, number> {
  const isBlocked = (at: string, other: string): boolean => tree?.blocked.some((one) => one.at === at && one.link.includes(other)) ?? false;
  const copies = new Map<string, number>();
  const queue: { at: string; came?: Tunnel }[] = [{ at: from }];
  for (const { at, came } of queue) {
    if (came !== undefined) copies.set(at, (copies.get(at) ?? 0) + 1);
    if (queue.length > most) return copies;
    for (const tunnel of tunnels.filter(({ host }) => host === at)) {
      const isBack = came !== undefined && tunnel.to === came.host;
      // ovs-vswitchd.conf.db(5), table Port, "protected": such ports do not forward to each other
      const isSplit = came !== undefined && came.protected && tunnel.protected;
      if (!isBack && !isSplit && !isBlocked(at, tunnel.to) && !isBlocked(tunnel.to, at)) queue.push({ at: tunnel.to, came: tunnel });
    }
  }
  return copies;
}

it("one broadcast gives exactly one copy everywhere, for every topology and guard, through the tunnels as planned", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, ovsShape, async ({ hosts, networks }, ovs) => {
      const { plane: _, ...shape } = Object.values(networks)[0]!;
      const cluster = toCluster({ hosts, networks: { 1: { ...shape, pin: undefined, ovs } } });
      const plan = await createFakeFleet(cluster.hosts).plan(cluster);
      const nameOf = new Map(cluster.hosts.map(({ name, address }) => [address, name]));
      const tunnels = plan.hosts.flatMap(({ host, steps }) =>
        steps.flatMap(({ after }) => (after?.kind === "ovs-tunnel" ? [{ ...after, host, to: nameOf.get(after.remote)! }] : [])),
      );
      const [network] = resolveNetworks(cluster, plan.lock!);
      const tree = getDataplane(network!.dataplane).expectedTree!(network!);
      for (const { name } of cluster.hosts) {
        const others = cluster.hosts.filter((host) => host.name !== name).map((host) => [host.name, 1]);
        expect(countCopies(name, tunnels, tree, 1000)).toEqual(new Map(others as [string, number][]));
      }
    }),
    { numRuns: 150 },
  );
});

it("counts a storm where nothing guards a loop", () => {
  const ends = ["a", "b", "c"].flatMap((host) => ["a", "b", "c"].flatMap((to) => (to === host ? [] : [{ host, to }])));
  const tunnels = ends.map((end) => ({ ...end, protected: false }) as Tunnel);
  expect(countCopies("a", tunnels, undefined, 1000).get("b")).toBeGreaterThan(100);
  const split = tunnels.map((tunnel) => ({ ...tunnel, protected: true }));
  expect(countCopies("a", split, undefined, 1000)).toEqual(
    new Map([
      ["b", 1],
      ["c", 1],
    ]),
  );
});
