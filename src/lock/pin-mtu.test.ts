import { expect, test } from "vitest";
import { pin } from "./pin-lock.fixture.ts";

const network = (mtu: string): string => `  apps: { subnet: 10.64.0.0/12${mtu} }`;

test("room that is asked for after the network was made waits, and says how to get it", () => {
  const { lock } = pin(["vm1"], undefined, network(""));
  const { lock: kept, unmet, changes } = pin(["vm1"], lock, network(", mtu: { reserve: wireguard }"));
  expect([kept.networks["apps"]!.mtuBytes, changes]).toEqual([1450, []]);
  expect(unmet).toMatchObject([
    {
      what: "mtu.reserve: wireguard of network apps",
      why: "the network is in use with an MTU of 1450, and this room would leave 1440",
      try: "write mtu: 1440 to change it now: containers on it must then be reconnected",
    },
  ]);
});

test("room that was asked for in time is there, and nothing waits", () => {
  const wish = network(", mtu: { reserve: wireguard }");
  const { lock, unmet } = pin(["vm1"], undefined, wish);
  expect([lock.networks["apps"]!.mtuBytes, unmet]).toEqual([1440, []]);
  expect(pin(["vm1"], lock, wish).unmet).toEqual([]);
  expect(pin(["vm1"], lock, wish, { underlayMtuBytes: 9000 }).unmet).toEqual([]);
});
