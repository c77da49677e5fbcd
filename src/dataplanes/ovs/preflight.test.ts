import { expect, test } from "vitest";
import type { OvsShape } from "../../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet, type FakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { PLAIN, problemsOf, toCluster } from "../../../tests/fake/plan-case.ts";
import { newPort } from "../../../tests/fake/run-ovs.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { Lock } from "../../model/lock.ts";
import { formatProblem } from "../../model/problem.ts";
import { planRemoval } from "../../plan/plan-removal.ts";

const OVS: OvsShape = { tunnel: "vxlan", topology: "mesh", tree: "stp", splitHorizon: true };
const AT_END = "and this plan only takes it away at its end";
const WAY = "set another key under dataplane, or apply the removal first and the addition afterwards";

/** Hosts h1 and h2, and each network (by number) with the key that its file says. */
function clusterOf(keys: Readonly<Record<number, number | "none">>, tunnel: OvsShape["tunnel"] = "vxlan"): Cluster {
  const numbers = Object.keys(keys).map(Number);
  const shapes = Object.fromEntries(numbers.map((number) => [number, { ...PLAIN, mtu: 1400, ovs: { ...OVS, tunnel } }]));
  const cluster = toCluster({ hosts: [1, 2], networks: shapes });
  return {
    ...cluster,
    networks: cluster.networks.map((network, at) => {
      const key = keys[numbers[at]!]!;
      return { ...network, dataplane: network.dataplane.type === "ovs" ? { ...network.dataplane, key } : network.dataplane };
    }),
  };
}

async function appliedFleet(cluster: Cluster): Promise<{ fleet: FakeFleet; lock: Lock }> {
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  expect((await fleet.apply(plan)).problems).toEqual([]);
  return { fleet, lock: plan.lock! };
}

const tunnelName = (fleet: FakeFleet, host: string, network: string): string =>
  [...fleet.hosts.get(host)!.ovs.ports.values()].find(
    ({ options, mark }) => options["remote_ip"] !== undefined && mark.includes(`,network=${network},`),
  )!.name;

test("two networks that exchange their keys in one edit", async () => {
  const { fleet, lock } = await appliedFleet(clusterOf({ 1: 100, 2: 200 }));
  const problems = await problemsOf(fleet.plan(clusterOf({ 1: 200, 2: 100 }), lock));
  expect(problems.map(({ where, why }) => `${where}: ${why}`).sort()).toEqual(
    [
      `h1: our own tunnel ${tunnelName(fleet, "h1", "n1")} has the same type, remote 192.0.2.18 and key 100, ${AT_END}`,
      `h1: our own tunnel ${tunnelName(fleet, "h1", "n2")} has the same type, remote 192.0.2.18 and key 200, ${AT_END}`,
      `h2: our own tunnel ${tunnelName(fleet, "h2", "n1")} has the same type, remote 192.0.2.9 and key 100, ${AT_END}`,
      `h2: our own tunnel ${tunnelName(fleet, "h2", "n2")} has the same type, remote 192.0.2.9 and key 200, ${AT_END}`,
    ].sort(),
  );
  expect(new Set(problems.map((problem) => problem.try))).toEqual(new Set([WAY]));
});

test.each([
  ["vxlan", 100, "100"],
  ["gre", "none", "none"],
] as const)("a new network with the key of one that goes: %s %s", async (tunnel, key, written) => {
  const { fleet, lock } = await appliedFleet(clusterOf({ 1: key }, tunnel));
  const [first] = await problemsOf(fleet.plan(clusterOf({ 2: key }, tunnel), lock));
  expect(first?.why).toBe(
    `our own tunnel ${tunnelName(fleet, "h1", "n1")} has the same type, remote 192.0.2.18 and key ${written}, ${AT_END}`,
  );
});

test("a foreign tunnel is in the way with the same type, remote, key and port only", async () => {
  const cluster = clusterOf({ 1: 100 });
  const fleet = createFakeFleet(cluster.hosts);
  const { ovs } = fleet.hosts.get("h1")!;
  ovs.bridges.set("br-tun", { name: "br-tun", datapath: "system", failMode: "", stp: false, rstp: false, otherConfig: {}, mark: "" });
  const add = (name: string, port: string, key: string): void =>
    void ovs.ports.set(name, {
      ...newPort("br-tun", name),
      type: "vxlan",
      options: { remote_ip: "192.0.2.18", dst_port: port, key },
    });
  add("other-key", "4790", "7");
  add("other-port", "4999", "100");
  expect((await fleet.plan(cluster)).hosts).toHaveLength(2);
  add("twin", "4790", "100");
  expect((await problemsOf(fleet.plan(cluster))).map(({ where, why }) => `${where}: ${why}`)).toEqual([
    "h1: Open vSwitch has the tunnel twin with the same type, remote 192.0.2.18 and key 100, and it is not ours",
  ]);
});

test("an OVS bridge of ours with a foreign port is not taken away, by an edit or by destroy", async () => {
  const { fleet, lock } = await appliedFleet(clusterOf({ 1: 100, 2: 200 }));
  const { ovs } = fleet.hosts.get("h2")!;
  const { bridge } = ovs.ports.get(tunnelName(fleet, "h2", "n1"))!;
  ovs.ports.set("eth7", newPort(bridge, "eth7"));
  expect((await fleet.plan(clusterOf({ 1: 100, 2: 200 }), lock)).hosts).toHaveLength(2);
  const refusal = new RegExp(
    `^removing .+ on h2: it has ports that are not ours and would go with it: eth7\n  try: take them out: ovs-vsctl del-port ${bridge} eth7$`,
  );
  const [problem, ...others] = await problemsOf(fleet.plan(clusterOf({ 2: 200 }), lock));
  expect(problem?.kind).toBe("refused");
  expect(formatProblem(problem!)).toMatch(refusal);
  expect(others).toEqual([]);
  const host = { name: "h2", address: "192.0.2.18", ssh: "192.0.2.18" };
  const removal = planRemoval(host, fleet.hosts.get("h2")!.snapshot(), lock.uuid, { name: "prod", networks: [] });
  expect(removal.problems.map(formatProblem)).toEqual([expect.stringMatching(refusal)]);
  ovs.ports.delete("eth7");
  expect((await fleet.plan(clusterOf({ 2: 200 }), lock)).hosts).toHaveLength(2);
});

test("a dead ovs-vswitchd refuses a plan, also one without steps: the database's memory is not life", async () => {
  const cluster = clusterOf({ 1: 100 });
  const { fleet, lock } = await appliedFleet(cluster);
  const host = fleet.hosts.get("h2")!;
  const { snapshot } = host;
  const silent = "ovs-vswitchd does not answer (connection refused)";
  host.snapshot = () => ({ ...snapshot(), ovs: { ...snapshot().ovs, silent } as ReturnType<typeof snapshot>["ovs"] });
  const problems = await problemsOf(fleet.plan(cluster, lock));
  expect(problems.map(formatProblem)).toEqual([
    `preparing network n1 on h2: ${silent}\n  try: start it: systemctl restart openvswitch-switch (openvswitch on Fedora)`,
  ]);
});
