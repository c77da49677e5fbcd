import { expect, test } from "vitest";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { THREE_HOSTS, toCluster } from "../../tests/fake/plan-case.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { mtuToward } from "./host-state.ts";

const snapshot = createFakeFleet(toCluster(THREE_HOSTS).hosts).hosts.get("h1")!.snapshot();
const link = (name: string, mtuBytes: number): Snapshot["links"][number] => ({ ...snapshot.links[0]!, name, mtuBytes });
const route = (destination: string, device: string): Snapshot["routes"][number] => ({ destination, device, protocol: "bgp" });

/** A routed fabric: the host's address is on lo, packets leave by two uplinks. */
const fabric: Snapshot = {
  ...snapshot,
  links: [link("lo", 65_536), link("swp1", 9_000), link("swp2", 1_500)],
  addresses: [{ device: "lo", cidr: "10.0.0.1/32" }],
  routes: [route("default", "swp1"), route("10.0.0.3/32", "swp2")],
};

test("the MTU is that of the device by which packets leave, not of the one that has the address", () => {
  expect(mtuToward(fabric, "10.0.0.1", ["10.0.0.1", "10.0.0.2"])).toBe(9_000);
  expect(mtuToward(fabric, "10.0.0.1", ["10.0.0.2", "10.0.0.3"])).toBe(1_500);
});

test("a host alone, or one that knows no way to the others, has the MTU of its address's device", () => {
  expect(mtuToward(fabric, "10.0.0.1", ["10.0.0.1"])).toBe(65_536);
  expect(mtuToward({ ...fabric, routes: [] }, "10.0.0.1", ["10.0.0.2"])).toBe(65_536);
});
