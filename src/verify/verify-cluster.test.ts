import { expect, test } from "vitest";
import { createFakeHosts } from "./measure/fake-hosts.fixture.ts";
import { createTarget } from "./judge/healthy.fixture.ts";
import { verifyCluster, verifyPairs } from "./verify-cluster.ts";

const target = createTarget(
  ["vm1", "vm2", "vm3"],
  [
    { name: "apps", egress: "masquerade" },
    { name: "legacy", egress: "none" },
  ],
);

test("a flawless cluster passes in six requests a host, and every probe is stopped", async () => {
  const { connections, requests } = createFakeHosts(target);
  const report = await verifyCluster(target, connections, { nftTable: "t", settleMs: 1 });
  expect(report).toMatchObject({ ok: true, failures: [], notTested: [] });
  expect(report.networks.flatMap(({ pairs }) => pairs).every(({ reachable, copies }) => reachable && copies === 1)).toBe(true);
  const ofFirst = requests.filter((request) => request.startsWith("vm1 "));
  expect(ofFirst.filter((request) => request === "vm1 probe.batch")).toHaveLength(4);
  expect([ofFirst[0], ofFirst.at(-1)]).toEqual(["vm1 probe.start", "vm1 probe.stop"]);
});

test("light asks once, and finds nothing wrong", async () => {
  const { connections, requests } = createFakeHosts(target);
  expect((await verifyPairs(target, connections)).failures).toEqual([]);
  expect(requests.filter((request) => request.startsWith("vm2 "))).toEqual(["vm2 probe.start", "vm2 probe.batch", "vm2 probe.stop"]);
});

test.each([0, 1, 2, 3, 4])("a host lost after %i requests is one failure; the others are measured and cleaned up", async (count) => {
  const { connections, requests } = createFakeHosts(target, { lostAfter: { vm3: count } });
  const report = await verifyCluster(target, connections, { nftTable: "t", settleMs: 1 });
  expect(report.failures).toMatchObject([{ check: "host", kind: "unreachable", where: "vm3" }]);
  expect(report.networks[0]?.pairs.find(({ from, to }) => from === "vm1" && to === "vm2")).toMatchObject({
    reachable: true,
    mtuBytes: 1450,
    copies: 1,
  });
  expect(report.notTested).toContain("apps: vm1 -> vm3");
  expect(requests).toContain("vm1 probe.stop");
  expect(requests).toContain("vm2 probe.stop");
});

test("a broadcast that got lost is sent once more; one that never arrives is a failure", async () => {
  const once = createFakeHosts(target, { lostBroadcasts: { vm2: 1 } });
  const forgiven = await verifyCluster(target, once.connections, { settleMs: 1 });
  expect(forgiven).toMatchObject({ ok: true, failures: [] });
  expect(forgiven.networks.flatMap(({ pairs }) => pairs).every(({ copies }) => copies === 1)).toBe(true);

  const never = createFakeHosts(target, { lostBroadcasts: { vm2: Infinity } });
  const { failures } = await verifyCluster(target, never.connections, { settleMs: 1 });
  expect(failures).toMatchObject([{ check: "duplicates", where: "vm2", why: expect.stringContaining("no copy of a broadcast arrives") }]);
});

test("what did not answer is asked once more; what never answers is a failure", async () => {
  const first = createFakeHosts(target);
  await verifyCluster(target, first.connections, { settleMs: 1 });
  // as many as its first round asks: small and full packets, gateways, the outside
  const once = createFakeHosts(target, { lostPings: { vm2: 10 } });
  const forgiven = await verifyCluster(target, once.connections, { settleMs: 1 });
  expect(forgiven).toMatchObject({ ok: true, failures: [] });
  expect(once.requests.length).toBeGreaterThan(first.requests.length);

  const never = createFakeHosts(target, { lostPings: { vm2: Infinity } });
  const { failures } = await verifyCluster(target, never.connections, { settleMs: 1 });
  expect(new Set(failures.map(({ check }) => check))).toContain("reach");
});

test("an endpoint that cannot start is one failure; the host's other network is measured", async () => {
  const { connections } = createFakeHosts(target, { noProbe: { vm2: ["legacy"] } });
  const report = await verifyCluster(target, connections, { nftTable: "t", settleMs: 1 });
  expect(report.failures).toMatchObject([{ check: "endpoint", where: "vm2", why: "no bridge" }]);
  expect(report.networks[0]?.pairs.every(({ reachable }) => reachable)).toBe(true);
  expect(report.notTested).toContain("legacy: vm2 -> vm1");
});

test("nobody answers: every host is named, nothing passes", async () => {
  const report = await verifyCluster(target, new Map());
  expect(report.ok).toBe(false);
  expect(report.failures.map(({ check, where }) => `${check} ${where}`)).toEqual(["host vm1", "host vm2", "host vm3"]);
});
