import { expect, test } from "vitest";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { THREE_HOSTS, toCluster } from "../../tests/fake/plan-case.ts";
import { planIdOf } from "../model/plan.ts";
import { describeOutcome } from "./describe-outcome.ts";

test("after an interrupt each host says whether it is old or new", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const [h1, h2, h3] = cluster.hosts.map(({ name }) => fleet.hosts.get(name)!);
  const last = (host: NonNullable<typeof h1>, state: string): void => {
    const { snapshot } = host;
    host.snapshot = () => ({ ...snapshot(), lastPlan: { planId: planIdOf(plan), state } });
  };
  last(h1!, "finished");
  last(h2!, "reverted");
  expect(await describeOutcome(plan, fleet.transport)).toEqual(["h1: as planned", "h2: as before", "h3: as before, it had not begun"]);
  last(h3!, "unfinished");
  expect((await describeOutcome(plan, fleet.transport)).at(-1)).toBe("h3: still at it: it ends as planned or goes back by itself");
});
