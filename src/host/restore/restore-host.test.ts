import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterEdit, clusterShape, hostNumber, toCluster, type ClusterShape } from "../../../tests/fake/cluster-arbitrary.ts";
import { createHostProgram, type HostProgram } from "../host-program.ts";
import { planIdOf } from "../../model/plan.ts";
import { createFakeFleet, type FakeFleet } from "../../../tests/fake/fake-fleet.ts";
import type { FakeHost } from "../../../tests/fake/fake-system.ts";
import { forgetRemovedHosts } from "../../../tests/fake/forget-removed-hosts.ts";
import { applied, bridgeOf, PLAIN, THREE_HOSTS } from "../../../tests/fake/plan-case.ts";
import { reboot, stopAt } from "../../../tests/fake/reboot.ts";
import type { HostSystem } from "../execute/host-system.ts";
import { restoreHost } from "./restore-host.ts";

const host = (fleet: FakeFleet, name = "h1"): FakeHost => fleet.hosts.get(name)!;
const addressOf = (name: string): string => hostNumber(Number(name.slice(1))).address;
const moments = ["before", "inside", "after"] as const;

/** While Docker has not started yet. */
function withoutDocker(system: HostSystem): HostSystem {
  return {
    observe: async () => ({ ...(await system.observe()), docker: { state: "absent", reason: "not started" } }),
    execute: (batch) => system.execute(batch),
  };
}

/** As a boot does it: before Docker starts, and after. */
async function boot(fleet: FakeFleet, name: string): Promise<void> {
  const found = host(fleet, name);
  reboot(found, addressOf(name));
  expect(await restoreHost(withoutDocker(found), found.state, { early: true })).toMatchObject({ ok: true, remaining: [] });
  expect(await restoreHost(found, found.state)).toMatchObject({ ok: true, remaining: [] });
}

test("before Docker starts nobody asks for it: systemd would start it, and it waits for this to end", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  await fleet.apply(await fleet.plan(cluster));
  const found = host(fleet);
  const asked: unknown[] = [];
  const watched: HostSystem = {
    observe: (wish) => (asked.push(wish?.withoutDocker), found.observe()),
    execute: (batch) => found.execute(batch),
  };
  await restoreHost(watched, found.state, { early: true });
  await restoreHost(watched, found.state);
  expect(asked).toEqual([true, false]);
});

test("F33: after a reboot every confirmed thing is there again, and a second restore does nothing", async () => {
  await fc.assert(
    fc.asyncProperty(clusterShape, async (shape) => {
      const cluster = toCluster(shape);
      const fleet = createFakeFleet(cluster.hosts);
      const plan = await fleet.plan(cluster);
      await fleet.apply(plan);
      const before = fleet.dump();
      for (const name of fleet.hosts.keys()) await boot(fleet, name);
      expect(fleet.dump()).toBe(before);
      for (const found of fleet.hosts.values()) {
        const count = found.batches.length;
        expect(await restoreHost(found, found.state)).toMatchObject({ ok: true, done: 0 });
        expect(found.batches.length).toBe(count);
      }
      expect((await fleet.plan(cluster, plan.lock!)).hosts.flatMap(({ steps }) => steps)).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test("F06: a power cut at any step of an unconfirmed change boots to what was confirmed before it", async () => {
  const cut = fc.record({ at: fc.nat(1000), moment: fc.constantFrom(...moments) });
  await fc.assert(
    fc.asyncProperty(clusterShape, fc.array(clusterEdit, { minLength: 1, maxLength: 3 }), cut, async (shape, edits, { at, moment }) => {
      const fleet = createFakeFleet(toCluster(shape).hosts);
      const first = await fleet.plan(toCluster(shape));
      await fleet.apply(first);
      const edited = toCluster(edits.reduce((current: ClusterShape, edit) => edit(current), shape));
      const plan = await fleet.plan(edited, forgetRemovedHosts(first));
      const steps = plan.hosts.flatMap(({ host: name, steps: all }) =>
        all.filter((step) => step.stage !== "remove").map((step) => ({ name, id: step.id })),
      );
      const target = steps[at % Math.max(steps.length, 1)];
      if (target === undefined) return;
      const before = fleet.dump();
      const result = await fleet.apply(plan, {
        wrap: (name, system) => (name === target.name ? stopAt(system, target.id, moment) : system),
      });
      expect(result.outcome).toBe("mixed");
      expect(result.hosts.filter(({ state }) => state !== "old").map(({ host: name, state }) => [name, state])).toEqual([
        [target.name, "unknown"],
      ]);
      await boot(fleet, target.name);
      expect(fleet.dump()).toBe(before);
      expect(await host(fleet, target.name).state.findLastPlan()).toMatchObject({ state: "reverted" });
    }),
    { numRuns: 40 },
  );
});

test("F06: a power cut in a first apply, after Docker's networks were made: Docker's part goes in the second run", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const before = fleet.dump();
  const last = plan.hosts[0]!.steps.findLast((step) => step.key.startsWith("docker-network/"))!;
  await fleet.apply(plan, { wrap: (name, system) => (name === "h1" ? stopAt(system, last.id, "after") : system) });
  const found = host(fleet);
  expect(found.docker.networks).toHaveLength(1);
  reboot(found, addressOf("h1"));
  expect(await restoreHost(withoutDocker(found), found.state, { early: true })).toMatchObject({ ok: true, withoutDocker: true });
  expect(await found.state.findLastPlan()).toMatchObject({ state: "unfinished" });
  await restoreHost(found, found.state);
  expect(found.docker.networks).toEqual([]);
  expect(await found.state.findLastPlan()).toMatchObject({ state: "reverted" });
  expect(fleet.dump()).toBe(before);
});

test("a power cut after the confirm boots to the new state, without what was to be removed", async () => {
  const { fleet, plan: first } = await applied();
  const edited = toCluster({ ...THREE_HOSTS, networks: { 2: THREE_HOSTS.networks[1]! } });
  const plan = await fleet.plan(edited, forgetRemovedHosts(first));
  const removal = plan.hosts[0]!.steps.find((step) => step.stage === "remove")!;
  await fleet.apply(plan, { wrap: (name, system) => (name === "h1" ? stopAt(system, removal.id, "before") : system) });
  await boot(fleet, "h1");
  const links = [...host(fleet).kernel.links.keys()];
  expect(links).toContain(bridgeOf(plan, "n2"));
  expect(links).not.toContain(bridgeOf(first, "n1"));
  expect(await host(fleet).state.findLastPlan()).toMatchObject({ state: "finished" });
  expect((await fleet.plan(edited, plan.lock!)).hosts[0]!.steps).toEqual([]);
});

test("IP forwarding that somebody else had switched on is on after a reboot too, and given back at the end", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  host(fleet).kernel.sysctls.set("net.ipv4.ip_forward", "1");
  const plan = await fleet.plan(cluster);
  await fleet.apply(plan);
  expect(host(fleet).state.former).toEqual({});
  await boot(fleet, "h1");
  expect(host(fleet).kernel.sysctls.get("net.ipv4.ip_forward")).toBe("1");
  await fleet.destroy(plan.lock!);
  expect(host(fleet).kernel.sysctls.get("net.ipv4.ip_forward")).toBe("0");
});

test("F39: forwarding that Docker switches on at its start is Docker's: our early restore leaves that to it", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  const found = host(fleet);
  found.kernel.sysctls.set("net.ipv4.ip_forward", "1"); // by Docker
  const plan = await fleet.plan(cluster);
  await fleet.apply(plan);
  reboot(found, addressOf("h1"));
  await restoreHost(withoutDocker(found), found.state, { early: true });
  expect(found.kernel.sysctls.get("net.ipv4.ip_forward")).toBe("0");
  found.kernel.sysctls.set("net.ipv4.ip_forward", "1");
  await restoreHost(found, found.state);
  await fleet.destroy(plan.lock!);
  expect(found.kernel.sysctls.get("net.ipv4.ip_forward")).toBe("1");
});

test("a host that nobody ever applied to is not touched", async () => {
  const fleet = createFakeFleet([hostNumber(1)]);
  expect(await restoreHost(host(fleet), host(fleet).state)).toEqual({ ok: true, done: 0, remaining: [], withoutDocker: false });
  expect(host(fleet).state.journal).toEqual([]);
});

test("F10: while somebody applies, a restore waits for its turn", async () => {
  const { fleet } = await applied();
  host(fleet).state.holder = { planId: "0123456789abcdef", operator: "ann@desk", since: "2026-01-01T00:00:00Z", pid: 1 };
  await expect(restoreHost(host(fleet), host(fleet).state)).rejects.toThrow("ann@desk has been applying plan 0123456789abcdef");
});

test("F32: Open vSwitch that does not start at boot keeps no other network from coming back", async () => {
  const ovs = { tunnel: "vxlan", topology: "mesh", tree: "rstp", splitHorizon: true } as const;
  const cluster = toCluster({ ...THREE_HOSTS, networks: { 1: PLAIN, 2: { ...PLAIN, ovs } } });
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  await fleet.apply(plan);
  const found = host(fleet);
  const before = [...found.kernel.links.keys()];
  reboot(found, addressOf("h1"));
  found.ovs.bridges.clear();
  found.ovs.ports.clear();
  const dead: HostSystem = {
    observe: () => found.observe(),
    execute: async (batch) => (batch.tool === "ovs" ? { ok: false, why: "database connection failed", notes: [] } : found.execute(batch)),
  };
  const result = await restoreHost(dead, found.state);
  expect(result.ok).toBe(false);
  const isOvs = (name: string): boolean => /^spw[oit]/.test(name);
  expect([...found.kernel.links.keys()].sort()).toEqual(before.filter((name) => !isOvs(name)).sort());
  expect(result.remaining.every((line) => /^(ovs-|link\/spwi)/.test(line))).toBe(true);
});

test("F12: a host whose confirm was taken back, because another could not confirm, boots to what was before", async () => {
  const { fleet, plan: first } = await applied();
  const before = fleet.dump();
  const edited = toCluster({ ...THREE_HOSTS, networks: { ...THREE_HOSTS.networks, 2: PLAIN } });
  const plan = await fleet.plan(edited, first.lock!);
  const found = host(fleet);
  const planId = planIdOf(plan);
  const { address, basis, steps } = plan.hosts[0]!;
  const program = (): HostProgram => createHostProgram({ system: found, state: found.state, selfArgv: ["true"] });
  const [controller, other] = [program(), program()];
  await controller.methods["begin"]({ planId, clusterUuid: plan.clusterUuid, address, basis, operator: "anna@desk", steps });
  for (const stage of ["add", "switch"]) expect(await controller.methods["runStage"]({ planId, stage })).toMatchObject({ ok: true });
  await other.methods["confirm"]({ planId });
  expect(await controller.methods["revert"]({ planId })).toMatchObject({ ok: true });
  await boot(fleet, "h1");
  expect(fleet.dump()).toBe(before);
});
