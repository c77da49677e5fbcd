import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterEdit, clusterShape, isAccepted, toCluster } from "../../tests/fake/cluster-arbitrary.ts";
import { DAMAGES } from "../../tests/fake/damage.ts";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { THREE_HOSTS } from "../../tests/fake/plan-case.ts";
import { forgetRemovedHosts } from "../../tests/fake/forget-removed-hosts.ts";
import { failAt, type FaultMoment } from "../../tests/fault/faulty-system.ts";
import type { HostSystem } from "../host/execute/host-system.ts";
import type { Plan } from "../model/plan.ts";

const moments: readonly FaultMoment[] = ["before", "inside", "after"];
const fault = fc.record({ at: fc.nat(1000), moment: fc.constantFrom(...moments) });

/** The steps a failure of which must still be undone: all but those after the confirm. */
function stepsBeforeConfirm(plan: Plan): { host: string; id: string }[] {
  return plan.hosts.flatMap((host) =>
    host.steps.filter((step) => step.stage !== "remove").map((step) => ({ host: host.host, id: step.id })),
  );
}

async function failAndCompare(
  fleet: ReturnType<typeof createFakeFleet>,
  plan: Plan,
  { at, moment }: { at: number; moment: FaultMoment },
): Promise<void> {
  const steps = stepsBeforeConfirm(plan);
  const target = steps[at % Math.max(steps.length, 1)];
  if (target === undefined) return;
  const before = fleet.dump();
  const result = await fleet.apply(plan, { wrap: (host, system) => (host === target.host ? failAt(system, target.id, moment) : system) });
  expect(result.outcome, JSON.stringify(result.hosts)).toBe("reverted");
  expect(result.problems.map((problem) => problem.why)).toEqual([`injected fault ${moment} step ${target.id}`]);
  expect(fleet.dump()).toBe(before);
  for (const host of fleet.hosts.values()) expect(host.loops).toEqual([]);
}

test("a first apply that fails at any step leaves every host as it was", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, fault, async (shape, where) => {
      const cluster = toCluster(shape);
      const fleet = createFakeFleet(cluster.hosts);
      await failAndCompare(fleet, await fleet.plan(cluster), where);
    }),
    { numRuns: 50 },
  );
});

test("an edit that fails at any step leaves every host as it was, and works when tried again", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, fc.array(clusterEdit, { minLength: 1, maxLength: 3 }), fault, async (shape, edits, where) => {
      const edited = edits.reduce((current, edit) => edit(current), shape);
      fc.pre(isAccepted(shape, edited));
      const fleet = createFakeFleet(toCluster(shape).hosts);
      const first = await fleet.plan(toCluster(shape));
      await fleet.apply(first);
      const cluster = toCluster(edited);
      const lock = forgetRemovedHosts(first);
      await failAndCompare(fleet, await fleet.plan(cluster, lock), where);
      const again = await fleet.apply(await fleet.plan(cluster, lock));
      expect(again.problems).toEqual([]);
      expect(["applied", "nothing-to-do"]).toContain(again.outcome);
    }),
    { numRuns: 50 },
  );
});

test("a repair that fails at any step leaves the damage as it was", async () => {
  const damage = fc.record({ name: fc.constantFrom(...Object.keys(DAMAGES)), pick: fc.nat(100) });
  await fc.assert(
    fc.asyncProperty(clusterShape, fc.array(damage, { minLength: 1, maxLength: 3 }), fault, async (shape, damages, where) => {
      // a bridge's neighbours are only read while it has a tunnel: without one, wrong entries stay corrected
      const has = (words: string): boolean => damages.some(({ name }) => name.startsWith(words));
      fc.pre(!(has("tunnel deleted") && has("neighbour")));
      fc.pre(!(has("tunnel without our mark") && has("tunnel taken out")));
      fc.pre(!has("WireGuard device with a key of somebody's")); // whose private half nobody here has
      const cluster = toCluster(shape);
      const fleet = createFakeFleet(cluster.hosts);
      const first = await fleet.plan(cluster);
      await fleet.apply(first);
      for (const { name, pick } of damages)
        DAMAGES[name]!(fleet.hosts.get(cluster.hosts[0]!.name)!, (count) => (count === 0 ? 0 : pick % count));
      await failAndCompare(fleet, await fleet.plan(cluster, first.lock!), where);
    }),
    { numRuns: 50 },
  );
});

test("a failed measurement reverts all hosts; one that cannot be made does too", async () => {
  const cluster = toCluster({
    hosts: [1, 2, 3],
    networks: { 1: { vni: undefined, port: 8472, egress: "masquerade", docker: true, mtu: undefined, pin: undefined } },
  });
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const before = fleet.dump();
  const broken = { kind: "verify" as const, doing: "pinging", what: "h2", where: "h1", why: "no answer", try: "look" };
  expect((await fleet.apply(plan, { verify: async () => [broken] })).outcome).toBe("reverted");
  expect(fleet.dump()).toBe(before);
  const thrown = await fleet.apply(plan, { verify: () => Promise.reject(new Error("probe died")) });
  expect(thrown.outcome).toBe("reverted");
  expect(thrown.problems.map((problem) => problem.why)).toEqual(["probe died"]);
  expect(fleet.dump()).toBe(before);
});

test("one undo that fails holds up no other: the host is frozen with that alone", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const evicted: string[] = [];
  const refusesRemoval = (system: HostSystem): HostSystem => ({
    observe: () => system.observe(),
    evictMembers: async (network) => void evicted.push(network),
    execute: (batch) =>
      batch.items.some(({ command }) => command.tool === "docker" && command.op === "remove-network")
        ? Promise.resolve({ ok: false, why: "network n1 has active endpoints", notes: [] })
        : system.execute(batch),
  });
  const lost = { kind: "verify" as const, doing: "pinging", what: "h2", where: "h1", why: "no answer", try: "look" };
  const result = await fleet.apply(plan, {
    wrap: (name, system) => (name === "h1" ? refusesRemoval(system) : system),
    verify: async () => [lost],
  });
  expect(result.hosts.map(({ host, state }) => [host, state])).toEqual([
    ["h1", "differs"],
    ["h2", "old"],
    ["h3", "old"],
  ]);
  const h1 = fleet.hosts.get("h1")!;
  expect(evicted).toContain("n1");
  expect([...h1.kernel.links.keys()]).toEqual(["lo", "eth0"]);
  expect(h1.state.frozen?.remaining).toEqual([expect.stringContaining("docker-network/n1")]);
});
