import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { hostNumber, toCluster } from "../../../tests/fake/cluster-arbitrary.ts";
import { planIdOf, type HostPlan, type Plan } from "../../model/plan.ts";
import type { Guard } from "../guard/guard.ts";
import { createHostProgram, type HostProgram } from "../host-program.ts";
import type { HostSystem } from "../execute/host-system.ts";

const SILENCE_MS = 60_000;
beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

interface Scene {
  program: HostProgram;
  /** A second conversation with the same host. */
  other: HostProgram;
  planId: string;
  links(): string[];
}

/** A host that has begun a first plan. */
async function begin(wrap: (system: HostSystem) => HostSystem = (system) => system, guard?: Guard): Promise<Scene> {
  const members = [hostNumber(1), hostNumber(2)];
  const fleet = createFakeFleet(members);
  const network = { vni: undefined, port: 8472, egress: "none", docker: false, mtu: undefined, pin: undefined } as const;
  const cluster = toCluster({ hosts: [1, 2], networks: { 1: network } });
  const plan: Plan = await fleet.plan(cluster);
  const mine = plan.hosts[0] as HostPlan;
  const host = fleet.hosts.get(mine.host);
  if (host === undefined) throw new Error("no host");
  const create = (): HostProgram =>
    createHostProgram({
      ...{ system: wrap(host), state: host.state, selfArgv: ["true"], confirmWithinMs: SILENCE_MS },
      ...(guard === undefined ? {} : { guard }),
    });
  const [program, planId] = [create(), planIdOf(plan)];
  await program.methods["begin"]?.({
    planId,
    clusterUuid: plan.clusterUuid,
    address: mine.address,
    basis: mine.basis,
    operator: "ann",
    steps: mine.steps,
  });
  return { program, other: create(), planId, links: () => [...host.kernel.links.keys()].filter((name) => name.startsWith("spw")) };
}

/** It has done stage `add` and hears nothing more. */
async function beginAndAdd(): Promise<Scene> {
  const scene = await begin();
  await scene.program.methods["runStage"]?.({ planId: scene.planId, stage: "add" });
  return scene;
}

test("F05: a minute of silence before the confirm brings the host back, and a late confirm is refused (F12)", async () => {
  const { other, planId, links } = await beginAndAdd();
  expect(links()).not.toEqual([]);
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  expect(links()).not.toEqual([]);
  await vi.advanceTimersByTimeAsync(2);
  expect(links()).toEqual([]);
  await expect(other.methods["confirm"]?.({ planId })).rejects.toThrow("it is not under way here");
});

test("F05: every word from the controller begins the minute anew", async () => {
  const { program, links } = await beginAndAdd();
  for (let minute = 0; minute < 5; minute++) {
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1000);
    await program.methods["hello"]?.({});
  }
  expect(links()).not.toEqual([]);
});

/** As after a stop of the whole machine: the time is over, and what was said meanwhile is not yet heard. */
async function stopForLong(): Promise<void> {
  const late = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 2 * SILENCE_MS);
  await vi.advanceTimersByTimeAsync(SILENCE_MS + 1);
  late.mockRestore();
}

test("F05: a host that was stopped itself first hears what was said meanwhile", async () => {
  const { program, links } = await beginAndAdd();
  await stopForLong();
  await program.methods["hello"]?.({});
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  expect(links()).not.toEqual([]);
});

test("F05: a host that was stopped itself and hears nothing goes back a second later", async () => {
  const { links } = await beginAndAdd();
  await stopForLong();
  await vi.advanceTimersByTimeAsync(998);
  expect(links()).not.toEqual([]);
  await vi.advanceTimersByTimeAsync(2);
  expect(links()).toEqual([]);
});

test("F05: after a confirm over another conversation, silence changes nothing", async () => {
  const { other, planId, links } = await beginAndAdd();
  await other.methods["confirm"]?.({ planId });
  await vi.advanceTimersByTimeAsync(10 * SILENCE_MS);
  expect(links()).not.toEqual([]);
});

test("F05: a word moves the guard's deadline also while a stage runs; one that cannot be moved fails no request", async () => {
  const extended: string[] = [];
  let isBroken = false;
  const guard: Guard = {
    arm: async () => {},
    renew: () => {},
    extend: (planId, withinMs) => {
      if (isBroken) throw new Error("EROFS");
      extended.push(`${planId} ${withinMs}`);
    },
    disarm: async () => {},
  };
  const held = Promise.withResolvers<void>();
  const executing = Promise.withResolvers<void>();
  const hold = (system: HostSystem): HostSystem => ({
    ...system,
    async execute(batch) {
      executing.resolve();
      await held.promise;
      return system.execute(batch);
    },
  });
  const { program, other, planId, links } = await begin(hold, guard);
  const stage = program.methods["runStage"]?.({ planId, stage: "add" });
  await executing.promise;
  const before = extended.length;
  await program.methods["hello"]?.({});
  expect(extended.slice(before)).toEqual([`${planId} ${SILENCE_MS}`, `${planId} ${SILENCE_MS}`]); // with the request and its answer
  isBroken = true;
  expect(await program.methods["hello"]?.({})).toMatchObject({ protocol: 1 });
  await vi.advanceTimersByTimeAsync(2 * SILENCE_MS);
  held.resolve();
  expect(await stage).toMatchObject({ ok: true });
  expect(links()).not.toEqual([]);
  expect(await other.methods["confirm"]?.({ planId })).toEqual({}); // nobody went back in the middle of it
});
