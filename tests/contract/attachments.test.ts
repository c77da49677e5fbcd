import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterShapeOf, toCluster } from "../fake/cluster-arbitrary.ts";
import { createFakeFleet, UUID } from "../fake/fake-fleet.ts";
import { ATTACHMENTS, getAttachment, resolveAttach } from "../../src/attach/index.ts";
import { keyOf, KIND_NAMES } from "../../src/kinds/index.ts";
import type { Cluster } from "../../src/model/cluster.ts";
import type { Plan } from "../../src/model/plan.ts";
import { deriveFacts } from "../../src/plan/host-state.ts";

/** What every registered attachment must do; a new one takes part by its line in the registry. */
const RUNS = { numRuns: 25 };
const TYPES = [...ATTACHMENTS.keys()];

/** Values of `docker:` as people write them; every attachment takes some, and no two take the same. */
const WRITTEN: readonly unknown[] = ["none", { network: "apps" }, { network: "other" }];
const accepts = (type: string): unknown[] => WRITTEN.filter((value) => getAttachment({ type }).schema.safeParse(value).success);

const clusterOf = (type: string): fc.Arbitrary<Cluster> =>
  clusterShapeOf({ ovs: true, perHost: true }).map((shape) => {
    const cluster = toCluster(shape);
    return { ...cluster, networks: cluster.networks.map((network) => ({ ...network, attach: attachOf(type, network.name) })) };
  });

function attachOf(type: string, network: string): Cluster["networks"][number]["attach"] {
  const attachment = getAttachment({ type });
  return attachment.resolve(network, type === TYPES[0] ? undefined : attachment.schema.parse(accepts(type)[0]));
}

const all = (plan: Plan): string[] => plan.hosts.flatMap(({ host, steps }) => steps.map(({ key }) => `${host} ${key}`));

describe.each(TYPES)("attachment %s", (type) => {
  const attachment = getAttachment({ type });
  const onEvery = (check: (cluster: Cluster) => Promise<void>): Promise<void> => fc.assert(fc.asyncProperty(clusterOf(type), check), RUNS);

  test("takes a value of its own, which no other takes, and resolves it to itself", () => {
    expect(attachment.type).toBe(type);
    expect(accepts(type).length).toBeGreaterThan(0);
    for (const value of accepts(type)) {
      expect(TYPES.filter((other) => accepts(other).includes(value))).toEqual([type]);
      expect(resolveAttach("n1", value).type).toBe(type);
      expect(resolveAttach("n1", value)).toEqual(resolveAttach("n1", value));
    }
    for (const garbage of [1, true, [], { surprise: 1 }, "no such word"]) expect(attachment.schema.safeParse(garbage).success).toBe(false);
  });

  test("makes only what is its network's, once each, and the same every time", () =>
    onEvery(async (cluster) => {
      const { networks } = await createFakeFleet(cluster.hosts).plan(cluster);
      for (const network of networks) {
        for (const member of network.members) {
          const input = { network, member, cluster: cluster.name, clusterUuid: UUID };
          const made = attachment.compile(input);
          expect(attachment.compile(input)).toEqual(made);
          expect(made.every((resource) => resource.network === network.name && KIND_NAMES.includes(resource.kind))).toBe(true);
          expect(new Set(made.map(keyOf)).size).toBe(made.length);
        }
      }
    }));

  test("a plan after apply is empty, and destroy restores", () =>
    onEvery(async (cluster) => {
      const fleet = createFakeFleet(cluster.hosts);
      const before = fleet.dump();
      const plan = await fleet.plan(cluster);
      expect((await fleet.apply(plan)).problems).toEqual([]);
      expect(all(await fleet.plan(cluster, plan.lock!))).toEqual([]);
      expect((await fleet.destroy(plan.lock!)).problems).toEqual([]);
      expect(fleet.dump()).toBe(before);
    }));

  test("what it needs and is not there is a refusal before the first step; nothing else is", () =>
    onEvery(async (cluster) => {
      const fleet = createFakeFleet(cluster.hosts);
      const { networks } = await fleet.plan(cluster);
      for (const host of cluster.hosts) {
        const snapshot = { ...fleet.hosts.get(host.name)!.snapshot(), docker: { state: "absent" as const, reason: "no such socket" } };
        const facts = deriveFacts(snapshot, UUID, host.address);
        const refused = attachment.preflight?.({ host, networks, facts, snapshot, steps: [] }) ?? [];
        const needs = networks.some((network) => network.attach.network !== undefined);
        expect(refused.map(({ where }) => where)).toEqual(needs ? [host.name] : []); // one cause, one line
        expect(refused.every(({ why, try: advice }) => why !== "" && advice !== "")).toBe(true);
      }
      expect([...fleet.hosts.values()].flatMap(({ batches }) => batches)).toEqual([]);
    }));
});
