import { expect, test } from "vitest";
import { pingCommand, routeQuery } from "./management-path.ts";

const ASK = ["ip", "-j", "-d", "route", "get"];
const PING = ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1"];

test("F01: the way is that of the address the operator has reached: rules by source may lead it elsewhere", () => {
  const ends = { peer: "203.0.113.7", local: "198.51.100.9" };
  expect(routeQuery(ends)).toEqual([...ASK, "203.0.113.7", "from", "198.51.100.9"]);
  expect(routeQuery({ peer: ends.peer })).toEqual([...ASK, "203.0.113.7"]);
  expect(pingCommand("203.0.113.7", ends.local)).toEqual([...PING, "-I", "198.51.100.9", "203.0.113.7"]);
  expect(pingCommand("203.0.113.7")).toEqual([...PING, "203.0.113.7"]);
});

test("F01: a link-local operator is behind the device that the zone names", () => {
  const ends = { peer: "fe80::7%eth0", local: "fe80::9%eth0" };
  expect(routeQuery(ends)).toEqual([...ASK, "fe80::7", "from", "fe80::9", "oif", "eth0"]);
  expect(pingCommand(ends.peer, ends.local)).toEqual([...PING, "fe80::7%eth0"]);
});
