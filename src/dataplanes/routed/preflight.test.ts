import { expect, test } from "vitest";
import { createFakeFleet, UUID } from "../../../tests/fake/fake-fleet.ts";
import { PLAIN, toCluster } from "../../../tests/fake/plan-case.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { buildPlan } from "../../plan/build-plan.ts";
import type { Plan } from "../../model/plan.ts";
import { wayTo } from "./way-to.ts";

const cluster = toCluster({ hosts: [1, 2, 3], networks: { 1: { ...PLAIN, perHost: true, plane: { type: "routed" } } } });

function planWith(change: (snapshot: Snapshot) => Snapshot, dockerVersion = "20.10.24"): Plan {
  const fleet = createFakeFleet(cluster.hosts);
  for (const host of fleet.hosts.values()) host.dockerVersion = dockerVersion;
  const snapshots = new Map([...fleet.hosts].map(([name, host]) => [name, name === "h3" ? change(host.snapshot()) : host.snapshot()]));
  return buildPlan({ cluster, lock: undefined, freshUuid: UUID, snapshots, unreachable: [] });
}

test("of the routes to an address the longest counts, of its own family", () => {
  const routes = [
    { destination: "default", device: "eth0", gateway: "192.0.2.254" },
    { destination: "192.0.2.0/24", device: "eth1" },
    { destination: "192.0.2.9/32", device: "eth2", gateway: "192.0.2.1" },
    { destination: "2001:db8::/32", device: "eth3" },
  ];
  expect(wayTo("192.0.2.9", routes)?.device).toBe("eth2");
  expect(wayTo("192.0.2.8", routes)?.device).toBe("eth1");
  expect(wayTo("198.51.100.1", routes)?.device).toBe("eth0");
  expect(wayTo("198.51.100.1", routes.slice(1))).toBeUndefined();
});

test("hosts on one segment are joined by routes over the device that leads there; one behind a router is refused", () => {
  const whole = planWith((same) => same);
  expect(whole.refusals).toEqual([]);
  const made = whole.hosts[0]!.steps.flatMap(({ after }) =>
    after?.kind === "route" ? [`${after.destination} ${after.via} ${after.device}`] : [],
  );
  expect(made).toEqual(["10.68.2.0/24 192.0.2.18 eth0", "10.68.3.0/24 192.0.2.27 eth0"]);
  const apart = planWith((snapshot) => ({
    ...snapshot,
    routes: [...snapshot.routes, { destination: "192.0.2.9/32", device: "eth0", gateway: "192.0.2.18", protocol: "static" }],
  }));
  expect(apart.refusals.map(({ where, why }) => `${where}: ${why}`)).toEqual([
    "h3: it shares no segment with h1: the way there goes through 192.0.2.18",
  ]);
});

test("Docker 28 drops what is routed to containers in a second place, so a second rule stands there; with nftables nothing can", () => {
  const acceptsOf = ({ hosts }: Plan): string[] => [
    ...new Set(hosts.flatMap(({ steps }) => steps.flatMap(({ key }) => (key.includes("accept/") ? [key] : [])))),
  ];
  expect(acceptsOf(planWith((same) => same, "27.5.1"))).toEqual(["forward-accept/n1"]);
  expect(acceptsOf(planWith((same) => same, "28.0.1"))).toEqual(["forward-accept/n1", "direct-accept/n1"]);
  const onNftables = planWith(
    ({ docker, ...rest }) => ({ ...rest, docker: { ...docker, firewall: "nftables" } as typeof docker }),
    "29.0.1",
  );
  expect(onNftables.refusals.map(({ where, kind, try: advice }) => `${where} ${kind} ${advice}`)).toEqual([
    expect.stringMatching(/^h3 unsupported write dataplane: vxlan or .*"firewall-backend": "iptables"/),
  ]);
});
