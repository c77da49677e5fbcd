import { expect, test } from "vitest";
import { createFakeFleet, UUID } from "../../../tests/fake/fake-fleet.ts";
import { applied, bridgeOf, THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import type { ManagementPath, Snapshot } from "../../model/snapshot.ts";
import { findWorse } from "../../host/change/management-path.ts";
import { buildPlan } from "../build-plan.ts";
import { planRemoval } from "../plan-removal.ts";
import type { Problem } from "../../model/problem.ts";
import type { Plan } from "../../model/plan.ts";

/** The plan for three hosts of which the first is managed over this path; its network is 10.68.0.0/16. */
function plan(management: ManagementPath | undefined, allowManagementPath = false): Plan {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  const snapshots = new Map<string, Snapshot>([...fleet.hosts].map(([name, host]) => [name, host.snapshot()]));
  snapshots.set("h1", { ...snapshots.get("h1")!, ...(management === undefined ? {} : { management }) });
  return buildPlan({ cluster, lock: undefined, freshUuid: UUID, snapshots, unreachable: [], allowManagementPath });
}

const path: ManagementPath = { peer: "203.0.113.7", device: "eth0", gateway: "192.0.2.254", source: "192.0.2.9" };

test.each([
  ["the operator's address", { ...path, peer: "10.68.200.1" }, "10.68.200.1 lies in 10.68.0.0/16"],
  ["the next hop", { ...path, gateway: "10.68.0.254" }, "10.68.0.254 lies in 10.68.0.0/16"],
  ["our own address there", { ...path, source: "10.68.3.3" }, "10.68.3.3 lies in 10.68.0.0/16"],
])("F01: a network that takes in %s is refused, unless that is asked for by name", (_what, management, why) => {
  const problems = plan(management).refusals;
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({ kind: "refused", where: "h1", why: `it touches the way this host is managed: ${why}` });
  expect(problems[0]!.try).toContain("--allow-management-path");
  expect(plan(management, true).hosts[0]!.steps.length).toBeGreaterThan(0);
});

test("F01: the device that carries it, or the bridge above that, is not ours to change", () => {
  const bridge = plan(undefined).hosts[0]!.steps.find((step) => step.after?.kind === "bridge")!.after as { name: string };
  for (const management of [
    { ...path, device: bridge.name },
    { ...path, master: bridge.name },
  ]) {
    const problems = plan(management).refusals;
    expect(problems[0]!.why).toContain(`${bridge.name} carries it`);
  }
});

test("any other way of management is nothing to refuse, also none at all and one over IPv6", () => {
  for (const management of [path, undefined, { ...path, peer: "2001:db8::1", gateway: "fe80::1", source: "2001:db8::9" }])
    expect(plan(management).hosts[0]!.steps.length).toBeGreaterThan(0);
});

test("F02: what passed before must pass afterwards; what did not is not asked for", () => {
  const before = { path, answering: ["192.0.2.254"] };
  expect(findWorse(before, before)).toBeUndefined();
  expect(findWorse(before, { path, answering: ["192.0.2.254", "203.0.113.7"] })).toBeUndefined();
  expect(findWorse(before, { path, answering: [] })).toBe("192.0.2.254 answered a ping before and does not any more");
  expect(findWorse(before, { path: undefined, answering: [] })).toContain("there is no route to 203.0.113.7 any more");
  const { gateway: _, ...direct } = path;
  expect(findWorse(before, { path: { ...direct, device: "spwbxyz" }, answering: [] })).toBe(
    "answers to 203.0.113.7, from where this host is managed, now go to spwbxyz instead of 192.0.2.254 on eth0",
  );
  expect(findWorse({ path: undefined, answering: [] }, before)).toBeUndefined();
});

test("F01: what is taken away counts too: a network that leaves the file, and a host that leaves or is destroyed", async () => {
  const { fleet, plan: first } = await applied();
  const cluster = toCluster(THREE_HOSTS);
  const [host] = cluster.hosts;
  const device = bridgeOf(first, "n1");
  const management = { peer: "203.0.113.7", device, source: "10.68.3.3" };
  const snapshots = new Map<string, Snapshot>([...fleet.hosts].map(([name, { snapshot }]) => [name, snapshot()]));
  const managed = { ...snapshots.get(host!.name)!, management };
  snapshots.set(host!.name, managed);
  const without = (names: readonly string[], allowManagementPath: boolean): Plan =>
    buildPlan({
      ...{ lock: first.lock!, freshUuid: UUID, snapshots, unreachable: [], allowManagementPath },
      cluster: { ...cluster, networks: [], hosts: cluster.hosts.filter(({ name }) => !names.includes(name)) },
    });
  const refused = (problems: readonly Problem[]): void => {
    expect(problems.map(({ what }) => what)).toContain(`link/${device}`);
    for (const { kind, where, why } of problems) expect({ kind, where, why }).toMatchObject({ kind: "refused", where: host!.name });
    expect(problems[0]!.why).toContain("carries it");
    expect(problems[0]!.try).toContain("nothing brings back what is removed");
  };

  refused(without([], false).refusals);
  refused(without([host!.name], false).refusals);
  refused(planRemoval(host!, managed, first.clusterUuid, cluster).problems);
  for (const names of [[], [host!.name]]) expect(without(names, true).hosts.every(({ steps }) => steps.length > 0)).toBe(true);
  expect(planRemoval(host!, managed, first.clusterUuid, cluster, true).problems).toEqual([]);
  // whoever comes another way is not in the way
  const other = { ...managed, management: { ...management, device: "eth0", source: "192.0.2.9" } };
  expect(planRemoval(host!, other, first.clusterUuid, cluster).problems).toEqual([]);
});
