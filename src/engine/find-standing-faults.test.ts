import { expect, test } from "vitest";
import type { OvsShape } from "../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { PLAIN, toCluster } from "../../tests/fake/plan-case.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { findStandingFaults } from "./find-standing-faults.ts";

const OVS: OvsShape = { tunnel: "vxlan", topology: "mesh", tree: "stp", splitHorizon: true };
const cluster = toCluster({ hosts: [1, 2], networks: { 1: PLAIN, 2: { ...PLAIN, ovs: OVS } } });

async function faultsAfter(change: (snapshot: Snapshot) => Snapshot): Promise<string[]> {
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  expect((await fleet.apply(plan)).problems).toEqual([]);
  const snapshots = new Map([...fleet.hosts].map(([name, host]) => [name, name === "h1" ? change(host.snapshot()) : host.snapshot()]));
  return findStandingFaults(plan.networks, snapshots, plan.clusterUuid).map(({ check, what, why }) => `${check}: ${what}: ${why}`);
}

test("nothing is wrong with what was just applied", async () => {
  expect(await faultsAfter((snapshot) => snapshot)).toEqual([]);
});

test("a dead Docker daemon is one fault that names its networks", async () => {
  expect(await faultsAfter((snapshot) => ({ ...snapshot, docker: { state: "absent", reason: "no Docker daemon answers" } }))).toEqual([
    "attach: networks n1, n2 on h1: no Docker daemon answers",
  ]);
});

test("a Docker network that somebody removed, and one of that name that is not ours", async () => {
  const gone = await faultsAfter((snapshot) => ({
    ...snapshot,
    docker:
      snapshot.docker.state === "ready"
        ? {
            ...snapshot.docker,
            networks: snapshot.docker.networks.map((network) => (network.name === "n1" ? { ...network, labels: {} } : network)),
          }
        : snapshot.docker,
  }));
  expect(gone).toEqual(["attach: network n1 on h1: Docker has none of that name that is ours: no container can join"]);
});

test("a dead ovs-vswitchd, whose database still answers", async () => {
  const silent = "ovs-vswitchd does not answer (connection refused)";
  const faults = await faultsAfter((snapshot) => ({ ...snapshot, ovs: { ...snapshot.ovs, silent } as Snapshot["ovs"] }));
  expect(faults).toEqual([`tunnel: n2 on h1: ${silent}`]);
});
