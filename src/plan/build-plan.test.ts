import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterShapeOf, toCluster } from "../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { applied, problemsOf, THREE_HOSTS } from "../../tests/fake/plan-case.ts";
import { formatLock } from "../lock/lock-file.ts";
import { parseSpec } from "../file/parse-spec.ts";
import { planIdOf } from "../model/plan.ts";

const clusterShape = clusterShapeOf({});

/** A cluster as a file, with its hosts and networks in the order given by `shuffle`. */
function writeFile(shape: Parameters<typeof toCluster>[0], shuffle: <T>(list: readonly T[]) => T[]): string {
  const { hosts, networks } = toCluster(shape);
  const written = {
    version: 1,
    cluster: "prod",
    hosts: Object.fromEntries(shuffle(hosts).map(({ name, address }) => [name, { address }])),
    networks: Object.fromEntries(
      shuffle(networks).map(({ name, subnet, dataplane, addressing, egress, mtu, attach }) => [
        name,
        {
          ...{ subnet, dataplane, egress: egress.mode, addressing: { slicePrefix: addressing.slicePrefix, hosts: addressing.pins } },
          ...(mtu.bytes === undefined ? {} : { mtu: mtu.bytes }),
          docker: attach.type === "none" ? "none" : { network: attach.network },
        },
      ]),
    ),
  };
  return JSON.stringify(written);
}

test("the order of hosts and networks in the file changes no byte of the plan, nor does a second run", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, fc.boolean(), async (shape, turn) => {
      const plain = parseSpec(
        writeFile(shape, (list) => [...list]),
        "a.yaml",
      ).cluster;
      const shuffled = parseSpec(
        writeFile(shape, (list) => (turn ? list.toReversed() : [...list.slice(1), ...list.slice(0, 1)])),
        "b.yaml",
      ).cluster;
      const [first, second, third] = await Promise.all(
        [plain, shuffled, plain].map((cluster) => createFakeFleet(plain.hosts).plan(cluster)),
      );
      expect(JSON.stringify(second)).toBe(JSON.stringify(first));
      expect(JSON.stringify(third)).toBe(JSON.stringify(first));
      expect(planIdOf(second!)).toBe(planIdOf(first!));
    }),
    { numRuns: 50 },
  );
});

test("a lost lock is rebuilt from what the hosts carry: nothing moves", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, async (shape) => {
      const { fleet, plan } = await applied(shape);
      const again = await fleet.plan(toCluster(shape));
      expect(again.hosts.flatMap((host) => host.steps)).toEqual([]);
      expect(formatLock(again.lock!)).toBe(formatLock(plan.lock!));
    }),
    { numRuns: 30 },
  );
});

test("F66: two hosts that carry one number are refused while the lock is lost", async () => {
  const { fleet } = await applied();
  for (const link of fleet.hosts.get("h2")!.kernel.links.values()) link.alias = link.alias.replace("index=2", "index=1");
  const [problem] = await problemsOf(fleet.plan(toCluster(THREE_HOSTS)));
  expect(problem).toMatchObject({
    kind: "conflict",
    doing: "rebuilding the lock of",
    where: "h2",
    why: "it claims number 1, and so does h1",
  });
});

test("adding and removing a host moves no address, VNI or MAC of the others", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, async (shape) => {
      const { fleet, plan } = await applied(shape);
      const { lock } = await fleet.plan(toCluster({ ...shape, hosts: [1, 2, 3, 4, 5, 6] }), plan.lock!);
      for (const [name, host] of Object.entries(plan.lock!.hosts)) expect(lock!.hosts[name]).toEqual(host);
      for (const [name, network] of Object.entries(plan.lock!.networks)) expect(lock!.networks[name]).toMatchObject(network);
    }),
    { numRuns: 30 },
  );
});
