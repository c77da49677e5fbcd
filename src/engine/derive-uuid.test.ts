import { expect, test } from "vitest";
import { z } from "zod";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { THREE_HOSTS, toCluster } from "../../tests/fake/plan-case.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { deriveUuid } from "./derive-uuid.ts";

const cluster = toCluster(THREE_HOSTS);
const snapshots = (): Map<string, Snapshot> =>
  new Map([...createFakeFleet(cluster.hosts).hosts].map(([name, host]) => [name, host.snapshot()]));

test("the same machines give the same identity each time, and it is a UUID", () => {
  const uuid = deriveUuid(cluster, snapshots());
  expect(z.uuid().parse(uuid)).toBe(deriveUuid(cluster, snapshots()));
  expect(uuid[14]).toBe("8");
});

test("another name, another machine with the same address, or a host that did not answer: another identity", () => {
  const here = deriveUuid(cluster, snapshots());
  const elsewhere = new Map(
    [...snapshots()].map(([name, found]) => [
      name,
      { ...found, links: found.links.map((link) => ({ ...link, mac: "02:00:00:00:00:99" })) },
    ]),
  );
  const without = new Map([...snapshots()].slice(1));
  const all = [here, deriveUuid({ ...cluster, name: "other" }, snapshots()), deriveUuid(cluster, elsewhere), deriveUuid(cluster, without)];
  expect(new Set(all).size).toBe(4);
});
