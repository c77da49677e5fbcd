import { expect, test } from "vitest";
import { findBroadcastAddress } from "./broadcast-address.ts";

test.each([
  ["10.64.1.2/12", "10.79.255.255"],
  ["10.64.1.2/24", "10.64.1.255"],
  ["192.168.255.130/25", "192.168.255.255"],
  ["223.1.2.3/30", "223.1.2.3"],
  ["fd00::2/64", "ff02::1"],
])("%s is broadcast to at %s", (cidr, address) => {
  expect(findBroadcastAddress(cidr)).toBe(address);
});
