import { expect, test } from "vitest";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { THREE_HOSTS, problemsOf, toCluster } from "../../../tests/fake/plan-case.ts";

const cluster = toCluster(THREE_HOSTS);

function fleetOf(machines: Readonly<Record<string, string>>) {
  const fleet = createFakeFleet(cluster.hosts);
  for (const [name, machine] of Object.entries(machines)) {
    const host = fleet.hosts.get(name)!;
    const { snapshot } = host;
    host.snapshot = () => ({ ...snapshot(), machine });
  }
  return fleet;
}

test("two names for one machine are refused before the first step", async () => {
  const fleet = fleetOf({ h1: "boot-a net-1", h2: "boot-b net-1", h3: "boot-a net-1" });
  expect(await problemsOf(fleet.plan(cluster))).toMatchObject([
    {
      kind: "conflict",
      where: "h3",
      why: `it is the same machine as h1: what answers at ${cluster.hosts[2]!.ssh} was booted as one with it`,
    },
  ]);
});

test("hosts that differ in their boot or their namespace are different machines", async () => {
  expect((await fleetOf({ h1: "boot-a net-1", h2: "boot-a net-2", h3: "boot-b net-1" }).plan(cluster)).refusals).toEqual([]);
});
