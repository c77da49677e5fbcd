import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterEdit, clusterShape, toCluster } from "../../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet, type FakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { forgetRemovedHosts } from "../../../tests/fake/forget-removed-hosts.ts";
import { applied, bridgeOf, problemsOf, THREE_HOSTS } from "../../../tests/fake/plan-case.ts";
import { stopAt } from "../../../tests/fake/reboot.ts";
import { planIdOf, type HostPlan, type Plan } from "../../model/plan.ts";
import { createHostProgram, type HostProgram } from "../host-program.ts";
import type { HostSystem } from "../execute/host-system.ts";
import { settleLeftover } from "./settle-leftover.ts";

function program(fleet: FakeFleet, host: string, system?: HostSystem): HostProgram {
  const fake = fleet.hosts.get(host)!;
  return createHostProgram({ system: system ?? fake, state: fake.state, selfArgv: ["true"] });
}

const beginOf = (plan: Plan, { address, basis, steps }: HostPlan): object => ({
  ...{ planId: planIdOf(plan), clusterUuid: plan.clusterUuid, address, basis, operator: "ann@desk", steps },
});

/** A host program that is killed at a step: it says nothing more, and its lock stays behind. */
async function killAt(fleet: FakeFleet, plan: Plan, mine: HostPlan, stepId: string, moment: "before" | "inside" | "after"): Promise<void> {
  const host = fleet.hosts.get(mine.host)!;
  const { methods } = program(fleet, mine.host, stopAt(host, stepId, moment));
  await methods["begin"](beginOf(plan, mine));
  for (const stage of ["add", "switch"]) await methods["runStage"]({ planId: planIdOf(plan), stage }).catch(() => {});
  host.state.holder = undefined;
}

test("F04: a host program killed at any step: whoever comes next brings the host back from its journal", async () => {
  const kill = fc.record({ at: fc.nat(1000), moment: fc.constantFrom("before" as const, "inside" as const, "after" as const) });
  await fc.assert(
    fc.asyncProperty(clusterShape, fc.array(clusterEdit, { minLength: 1, maxLength: 3 }), kill, async (shape, edits, { at, moment }) => {
      const fleet = createFakeFleet(toCluster(shape).hosts);
      const first = await fleet.plan(toCluster(shape));
      await fleet.apply(first);
      const cluster = toCluster(edits.reduce((edited, edit) => edit(edited), shape));
      const plan = await fleet.plan(cluster, forgetRemovedHosts(first));
      const steps = plan.hosts.flatMap((mine) => mine.steps.filter(({ stage }) => stage !== "remove").map(({ id }) => ({ mine, id })));
      const target = steps[at % Math.max(steps.length, 1)];
      if (target === undefined) return;
      const before = fleet.dump();
      await killAt(fleet, plan, target.mine, target.id, moment);
      const host = fleet.hosts.get(target.mine.host)!;
      expect(await settleLeftover(host, host.state, "next")).toMatchObject({ ok: true, remaining: [] });
      expect(fleet.dump()).toBe(before);
      expect((await fleet.apply(await fleet.plan(cluster, forgetRemovedHosts(first)))).problems).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test("F12: what was confirmed before the host program died counts, and a late confirm of what has gone back does not", async () => {
  const { fleet, plan: first } = await applied();
  const cluster = toCluster({ ...THREE_HOSTS, networks: { 1: THREE_HOSTS.networks[1]!, 2: THREE_HOSTS.networks[1]! } });
  const plan = await fleet.plan(cluster, first.lock!);
  const mine = plan.hosts[0]!;
  const host = fleet.hosts.get("h1")!;
  const planId = planIdOf(plan);
  const last = mine.steps.at(-1)!.id;
  const { methods } = program(fleet, "h1");
  await methods["begin"](beginOf(plan, mine));
  for (const stage of ["add", "switch"]) await methods["runStage"]({ planId, stage });
  await program(fleet, "h1").methods["confirm"]({ planId });
  host.state.holder = undefined;
  expect(await settleLeftover(host, host.state, "next")).toBeUndefined();
  expect([...host.kernel.links.keys()]).toContain(bridgeOf(plan, "n2"));
  expect(host.state.points.get(plan.clusterUuid)).toMatchObject({ planId });

  const second = plan.hosts[1]!;
  await killAt(fleet, plan, second, last, "after");
  const other = fleet.hosts.get("h2")!;
  await settleLeftover(other, other.state, "next");
  const [problem] = await problemsOf(program(fleet, "h2").methods["confirm"]({ planId }));
  expect(problem).toMatchObject({ kind: "conflict", why: "it is not under way here: it has gone back, or never began" });
});

test("F10: a plan whose host program lives is nobody else's to settle", async () => {
  const { fleet, plan: first } = await applied();
  const plan = await fleet.plan(toCluster({ ...THREE_HOSTS, hosts: [1, 2, 3, 4] }), first.lock!);
  const host = fleet.hosts.get("h1")!;
  await program(fleet, "h1").methods["begin"](beginOf(plan, plan.hosts[0]!));
  expect(await settleLeftover(host, host.state, "next")).toBeUndefined();
  expect(host.state.holder).toMatchObject({ operator: "ann@desk" });
});

test("F07: a host where going back did not work takes no plan until somebody has looked", async () => {
  const { fleet, plan: first } = await applied();
  const cluster = toCluster({ ...THREE_HOSTS, networks: { 1: THREE_HOSTS.networks[1]!, 2: THREE_HOSTS.networks[1]! } });
  const plan = await fleet.plan(cluster, first.lock!);
  const host = fleet.hosts.get("h1")!;
  const bridge = bridgeOf(plan, "n2");
  const stubborn: HostSystem = {
    observe: () => host.observe(),
    execute: async (batch) =>
      batch.items.some(({ command }) => command.tool === "ip" && command.args.join(" ") === `link del dev ${bridge}`)
        ? { ok: false, why: "device busy", notes: [] }
        : host.execute(batch),
  };
  const say = program(fleet, "h1", stubborn);
  await say.methods["begin"](beginOf(plan, plan.hosts[0]!));
  await say.methods["runStage"]({ planId: planIdOf(plan), stage: "add" });
  await say.end();
  expect(host.state.frozen).toMatchObject({ planId: planIdOf(plan), remaining: expect.arrayContaining([`link/${bridge}: remove`]) });

  const again = await fleet.plan(cluster, first.lock!);
  const refused = await fleet.apply(again);
  expect(refused.problems[0]).toMatchObject({ kind: "refused", where: "h1" });
  expect(refused.problems[0]!.why).toContain(`going back from plan ${planIdOf(plan)} did not fully work`);
  expect((await problemsOf(program(fleet, "h1").methods["unfreeze"]({})))[0]!.why).toContain(`link/${bridge}: remove`);

  const repaired = await fleet.apply(again, { repair: true });
  expect(repaired).toMatchObject({ outcome: "applied", problems: [] });
  expect(host.state.frozen).toBeUndefined();
  expect(await program(fleet, "h1").methods["unfreeze"]({})).toEqual({ wasFrozen: false });
});
