import { expect, test } from "vitest";
import { parsePingOutput } from "./ping-output.ts";

test("replies give the count and the fastest round trip", () => {
  const out = `PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.357 ms

--- 10.0.0.2 ping statistics ---
3 packets transmitted, 2 received, 33% packet loss, time 20ms
rtt min/avg/max/mdev = 0.057/0.157/0.357/0.100 ms`;
  expect(parsePingOutput("10.0.0.2", out, "")).toEqual({ target: "10.0.0.2", received: 2, rttMs: 0.057, tooBigMtuBytes: null, error: "" });
});

test("a local interface that is too small names its MTU", () => {
  const out = "--- 192.0.2.1 ping statistics ---\n2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 13ms\n";
  const result = parsePingOutput(
    "192.0.2.1",
    out,
    "ping: local error: message too long, mtu=1400\nping: local error: message too long, mtu=1400",
  );
  expect(result).toMatchObject({ received: 0, tooBigMtuBytes: 1400, rttMs: null });
});

test("a router that is too small names its MTU", () => {
  const out =
    "From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1350)\n2 packets transmitted, 0 received, +1 errors, 100% packet loss";
  expect(parsePingOutput("10.0.1.2", out, "")).toMatchObject({ received: 0, tooBigMtuBytes: 1350 });
  const v6 = "From fd00::1 icmp_seq=1 Packet too big: mtu=1280\n1 packets transmitted, 0 received, +1 errors";
  expect(parsePingOutput("fd00::2", v6, "")).toMatchObject({ tooBigMtuBytes: 1280 });
});

test("an ICMP error keeps its words and its sender", () => {
  const out = "From 10.0.0.9 icmp_seq=1 Destination Host Unreachable\n1 packets transmitted, 0 received, +1 errors, 100% packet loss";
  expect(parsePingOutput("10.0.0.2", out, "").error).toBe("Destination Host Unreachable (from 10.0.0.9)");
});

test("a ping that could not start at all received nothing and says why", () => {
  expect(parsePingOutput("10.0.0.2", "", "ping: connect: Network is unreachable")).toEqual({
    target: "10.0.0.2",
    received: 0,
    rttMs: null,
    tooBigMtuBytes: null,
    error: "connect: Network is unreachable",
  });
});
