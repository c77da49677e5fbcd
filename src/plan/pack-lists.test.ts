import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterShape, toCluster } from "../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { PLAIN } from "../../tests/fake/plan-case.ts";
import { packPlan, unpackPlan, type PackedPlan } from "./pack-lists.ts";

const throughFile = (plan: PackedPlan): PackedPlan => JSON.parse(JSON.stringify(plan)) as PackedPlan;

test("a packed plan is the same plan again", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, async (shape) => {
      const cluster = toCluster(shape);
      const plan = await createFakeFleet(cluster.hosts).plan(cluster);
      expect(unpackPlan(throughFile(packPlan(plan)))).toEqual(JSON.parse(JSON.stringify(plan)));
    }),
    { numRuns: 20 },
  );
});

test("lists that all hosts share, but for themselves, are written once: the file grows with the hosts", async () => {
  const sizeOf = async (count: number): Promise<number> => {
    const { hosts: _, ...rest } = toCluster({ hosts: [1], networks: { 1: PLAIN } });
    const hosts = Array.from({ length: count }, (_unused, index) => {
      const address = `192.0.${Math.floor(index / 200)}.${(index % 200) + 1}`;
      return { name: `h${index + 1}`, address, ssh: address };
    });
    const cluster = { ...rest, hosts, networks: rest.networks.map((network) => ({ ...network, subnet: "10.0.0.0/8" })) };
    const plan = await createFakeFleet(hosts).plan(cluster);
    const packed = throughFile(packPlan(plan));
    expect(unpackPlan(packed)).toEqual(JSON.parse(JSON.stringify(plan)));
    return JSON.stringify(packed.hosts).length / count;
  };
  const [few, many] = [await sizeOf(40), await sizeOf(120)];
  expect(many / few).toBeLessThan(1.1);
});

test("what was not packed so is refused", () => {
  const broken = { lists: [], hosts: [{ steps: [{ stage: "add", after: { $list: 3, without: [] } }] }] } as unknown as PackedPlan;
  expect(() => unpackPlan(broken)).toThrow(RangeError);
});
