import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { hostNumber, toCluster } from "../../tests/fake/cluster-arbitrary.ts";
import { planIdOf, type HostPlan, type Plan } from "../plan/plan.ts";
import { createHostProgram, type HostProgram } from "./host-program.ts";

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

/** A host that has done stage `add` of a first plan and hears nothing more. */
async function beginAndAdd(): Promise<Scene> {
  const members = [hostNumber(1), hostNumber(2)];
  const fleet = createFakeFleet(members);
  const network = { vni: undefined, port: 8472, egress: "none", docker: false, mtu: undefined, pin: undefined } as const;
  const cluster = toCluster({ hosts: [1, 2], networks: { 1: network } });
  const plan: Plan = await fleet.plan(cluster);
  const mine = plan.hosts[0] as HostPlan;
  const host = fleet.hosts.get(mine.host);
  if (host === undefined) throw new Error("no host");
  const create = (): HostProgram => createHostProgram({ system: host, state: host.state, selfArgv: ["true"], confirmWithinMs: SILENCE_MS });
  const [program, planId] = [create(), planIdOf(plan)];
  await program.methods["begin"]?.({
    planId,
    clusterUuid: plan.clusterUuid,
    address: mine.address,
    basis: mine.basis,
    operator: "ann",
    steps: mine.steps,
  });
  await program.methods["runStage"]?.({ planId, stage: "add" });
  return { program, other: create(), planId, links: () => [...host.kernel.links.keys()].filter((name) => name.startsWith("spw")) };
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

test("F05: after a confirm over another conversation, silence changes nothing", async () => {
  const { other, planId, links } = await beginAndAdd();
  await other.methods["confirm"]?.({ planId });
  await vi.advanceTimersByTimeAsync(10 * SILENCE_MS);
  expect(links()).not.toEqual([]);
});
