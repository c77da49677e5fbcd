import { expect, test } from "vitest";
import { createFakeFleet, UUID } from "../../../tests/fake/fake-fleet.ts";
import { PLAIN, toCluster } from "../../../tests/fake/plan-case.ts";
import type { NetworkShape } from "../../../tests/fake/cluster-arbitrary.ts";
import type { Plan } from "../../model/plan.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { buildPlan } from "../build-plan.ts";

const V4 = "sysctl/net.ipv4.ip_forward";
const V6 = "sysctl/net.ipv6.conf.all.forwarding";

function planOf(shape: Partial<NetworkShape>, subnet?: string, change: (snapshot: Snapshot) => Snapshot = (same) => same): Plan {
  const cluster = toCluster({ hosts: [1, 2], networks: { 1: { ...PLAIN, docker: false, ...shape } } });
  const networks = cluster.networks.map((network) => ({
    ...network,
    ...(subnet === undefined ? {} : { subnet, addressing: { mode: network.addressing.mode, pins: {} } }),
  }));
  const fleet = createFakeFleet(cluster.hosts);
  const snapshots = new Map([...fleet.hosts].map(([name, host]) => [name, change(host.snapshot())]));
  return buildPlan({ cluster: { ...cluster, networks }, lock: undefined, freshUuid: UUID, snapshots, unreachable: [] });
}

const switchedOn = ({ hosts }: Plan): string[] =>
  hosts[0]!.steps.flatMap(({ key, after }) => (after?.kind === "sysctl" && after.device === undefined && after.value === "1" ? [key] : []));

test.each([
  ["per-host addresses without a way out", { egress: "none", perHost: true }, undefined, [V4]],
  ["a way out", { egress: "masquerade" }, undefined, [V4]],
  ["neither", { egress: "none" }, undefined, []],
  ["IPv6 with per-host addresses", { egress: "none", perHost: true }, "fd00:68::/56", [V6]],
  ["IPv6 with a way out", { egress: "masquerade" }, "fd00:68::/56", [V6]],
] as const)("D5: a host forwards what passes through it: %s", (_name, shape, subnet, keys) => {
  expect(switchedOn(planOf(shape, subnet))).toEqual(keys);
});

test("D5: forwarding IPv6 must not cost a host its own default route, which a router has announced", () => {
  const advertised =
    (acceptRa: string) =>
    (snapshot: Snapshot): Snapshot => ({
      ...snapshot,
      routes: [...snapshot.routes, { destination: "default", device: "eth0", gateway: "fe80::1", protocol: "ra" }],
      sysctls: { ...snapshot.sysctls, "net.ipv6.conf.eth0.accept_ra": acceptRa },
    });
  const { refusals } = planOf({}, "fd00:68::/56", advertised("1"));
  expect(refusals.map(({ where, what }) => [where, what])).toEqual([
    ["h1", "setting net.ipv6.conf.all.forwarding"],
    ["h2", "setting net.ipv6.conf.all.forwarding"],
  ]);
  expect(refusals[0]!.try).toContain("net.ipv6.conf.eth0.accept_ra to 2");
  expect(planOf({}, "fd00:68::/56", advertised("2")).refusals).toEqual([]);
  expect(planOf({}, "fd00:68::/56", advertised("0")).refusals).toEqual([]); // networkd listens by itself
  expect(planOf({}, undefined, advertised("1")).refusals).toEqual([]);
});
