import { expect, test } from "vitest";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { deleteLink } from "../../tests/fake/kernel-model.ts";
import { bridgeOf, PLAIN, THREE_HOSTS, toCluster } from "../../tests/fake/plan-case.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Lock } from "../model/lock.ts";
import type { Plan } from "../model/plan.ts";
import type { LockStore } from "./lock-store.ts";
import { surveyHosts } from "./make-plan.ts";

const cluster = toCluster(THREE_HOSTS);
const keys = (plan: Plan): string[] => plan.hosts.flatMap(({ host, steps }) => steps.map((step) => `${host} ${step.key}`));

async function applied() {
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  expect((await fleet.apply(plan)).problems).toEqual([]);
  const survey = async (file: Cluster) => {
    const locks: Pick<LockStore, "read" | "findPending"> = { read: async () => plan.lock as Lock, findPending: async () => undefined };
    const spec = { cluster: file, warnings: [], locate: () => ({ file: "spanwire.yaml", line: 1, column: 1 }) };
    const found = await surveyHosts({ spec, locks: locks as LockStore, lock: plan.lock as Lock, transport: fleet.transport });
    await found.gathered.close();
    return { drift: keys(found.drift), plan: keys(found.plan) };
  };
  return { fleet, plan, survey };
}

test("a file that is newer than what was applied is no drift", async () => {
  const { survey } = await applied();
  expect(await survey(cluster)).toEqual({ drift: [], plan: [] });
  const more = toCluster({ ...THREE_HOSTS, networks: { ...THREE_HOSTS.networks, 7: PLAIN } });
  const { drift, plan } = await survey(more);
  expect(drift).toEqual([]);
  expect(plan.length).toBeGreaterThan(0);
});

test("what somebody took away is drift, also while the file is newer, and nothing else is", async () => {
  const { fleet, plan, survey } = await applied();
  const bridge = bridgeOf(plan, "n1");
  deleteLink(fleet.hosts.get("h2")!.kernel, bridge);
  const { drift } = await survey(toCluster({ ...THREE_HOSTS, networks: { ...THREE_HOSTS.networks, 7: PLAIN } }));
  expect(drift).toContain(`h2 link/${bridge}`);
  expect(drift.every((line) => line.startsWith("h2 "))).toBe(true);
});

test("a host that has lost what it was confirmed to be is not taken apart for it", async () => {
  const { fleet, survey } = await applied();
  const { state } = fleet.hosts.get("h3")!;
  state.readPoints = async () => [];
  expect((await survey(cluster)).drift).toEqual([]);
});
