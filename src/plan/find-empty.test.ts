import { expect, test } from "vitest";
import { startContainer, stopContainer } from "../../tests/fake/fake-system.ts";
import { addLink, setMaster } from "../../tests/fake/kernel-model.ts";
import { applied, bridgeOf, problemsOf, THREE_HOSTS, toCluster } from "../../tests/fake/plan-case.ts";
import type { Cluster } from "../model/cluster.ts";

const cluster = toCluster(THREE_HOSTS);
const moved: Cluster = { ...cluster, networks: cluster.networks.map((network) => ({ ...network, subnet: "10.99.0.0/16" })) };

test("a network without members changes its subnet: the plan says so, apply converges, nothing of the old is left", async () => {
  const { fleet, plan } = await applied();
  const change = await fleet.plan(moved, plan.lock!);
  expect(change.lockChanges).toEqual([
    expect.stringMatching(/^network n1 changes its subnet from \S+ to 10\.99\.0\.0\/16$/),
    "network n1, which has no members, gets its addresses anew",
    expect.stringMatching(/^host h1 gets 10\.99\.\S+ of network n1$/),
    expect.stringMatching(/^host h2 gets 10\.99\.\S+ of network n1$/),
    expect.stringMatching(/^host h3 gets 10\.99\.\S+ of network n1$/),
  ]);
  expect(change.lock!.networks["n1"]!.dataplane).toEqual(plan.lock!.networks["n1"]!.dataplane);
  expect(await fleet.apply(change)).toMatchObject({ outcome: "applied", problems: [] });
  expect((await fleet.plan(moved, change.lock!)).hosts.flatMap(({ steps }) => steps)).toEqual([]);
  const { subnet } = cluster.networks[0]!;
  expect(fleet.dump()).not.toContain(`"${subnet.split(".").slice(0, 2).join(".")}.`);
});

test("a member that runs, one that is stopped, and one that Docker does not know, keep their addresses", async () => {
  const { fleet, plan } = await applied();
  const host = fleet.hosts.get("h2")!;
  const refused = async (): Promise<string[]> => (await problemsOf(fleet.plan(moved, plan.lock!))).map(({ why }) => why);
  const why = [expect.stringContaining("leaves out locked slices with addresses in use")];
  startContainer(host, "n1", "web");
  expect(await refused()).toEqual(why);
  stopContainer(host, "web");
  host.kernel.links.delete("veth0000001");
  expect(await refused()).toEqual(why);
  host.docker.stopped = [];
  setMaster(host.kernel, addLink(host.kernel, { name: "tap7", kind: "tun", up: true }), bridgeOf(plan, "n1"));
  expect(await refused()).toEqual(why);
  host.kernel.links.delete("tap7");
  expect((await fleet.plan(moved, plan.lock!)).refusals).toEqual([]);
});

test("while a host does not answer, or its Docker, nobody knows, and nothing moves", async () => {
  const { fleet, plan } = await applied();
  const why = [expect.stringContaining("leaves out locked slices with addresses in use")];
  const refused = async (): Promise<string[]> => (await problemsOf(fleet.plan(moved, plan.lock!))).map((problem) => problem.why);
  const host = fleet.hosts.get("h3")!;
  const { snapshot } = host;
  host.snapshot = () => ({ ...snapshot(), docker: { state: "absent", reason: "down" } });
  expect(await refused()).toEqual(why);
  host.observe = async () => Promise.reject(new Error("gone"));
  expect(await refused()).toEqual(why);
});
