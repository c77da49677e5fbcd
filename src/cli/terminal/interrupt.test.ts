import { expect, test } from "vitest";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import { applyPlan, type ConfirmState } from "../../engine/apply-plan.ts";
import { gatherHosts } from "../../engine/gather-hosts.ts";
import { describeInterrupt } from "./interrupt.ts";

test("before the confirm an interrupt undoes everything; from then on it says which hosts keep the change", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const gathered = await gatherHosts(cluster.hosts, fleet.transport);
  const states = new Map<string, ConfirmState>();
  const said = [describeInterrupt(states)];
  await applyPlan({
    ...{ plan, connections: gathered.connections, transport: fleet.transport, operator: "tester", onProgress: () => {} },
    verify: async () => {
      said.push(describeInterrupt(states));
      return [];
    },
    onConfirm: (host, state) => said.push(describeInterrupt(states.set(host, state))),
  });
  await gathered.close();
  expect(new Set(said.slice(0, 2))).toEqual(new Set(["interrupted: hosts undo what was not confirmed"]));
  const rest = "; every other host undoes it. `spanwire status` shows how they are, `spanwire apply` makes them all as the file says";
  expect(said).toContain(`interrupted: it may stay on h1, h2, h3${rest}`);
  expect(said).toContain(`interrupted: the change stays on h1; it may stay on h2, h3${rest}`);
  expect(said.at(-1)).toBe(`interrupted: the change stays on h1, h2, h3${rest}`);
});
