import { expect, test } from "vitest";
import { parseDump } from "./read-wireguard.ts";

const OWN = "SDDWc5agKiapeI0LAZoUldyhcFwe5G6vkOzq5rsFo2M=\t8uyJLFM3tb03R/n6tw0TunNgTvo3+ILGeFVwgUscDCE=\t51840\toff";
const PEER = "GDTQy31ygk4wdXks8pGeaxzbJu3DAMOUQvKGRWGeIlg=";

test("a device and its peers, without the private key", () => {
  const found = parseDump(`${OWN}\n${PEER}\t(none)\t192.0.2.1:51840\t10.2.0.0/24,10.1.0.0/24\t1000\t5\t6\t25\n`, 1179);
  expect(found).toEqual({
    port: 51_840,
    publicKey: "8uyJLFM3tb03R/n6tw0TunNgTvo3+ILGeFVwgUscDCE=",
    peers: [{ publicKey: PEER, endpoint: "192.0.2.1:51840", allowedIps: ["10.1.0.0/24", "10.2.0.0/24"], keepaliveS: 25, isAlive: true }],
  });
  expect(JSON.stringify(found)).not.toContain("SDDW");
});

test("a peer that was never heard, and one whose keys have run out", () => {
  const isAlive = (handshakeS: number, nowS: number): boolean | undefined =>
    parseDump(`${OWN}\n${PEER}\t(none)\t(none)\t(none)\t${handshakeS}\t0\t0\toff\n`, nowS).peers[0]?.isAlive;
  expect(parseDump(`${OWN}\n${PEER}\t(none)\t(none)\t(none)\t0\t0\t0\toff\n`, 2000).peers).toEqual([
    { publicKey: PEER, endpoint: "", allowedIps: [], keepaliveS: 0, isAlive: false },
  ]);
  expect([isAlive(1000, 1179), isAlive(1000, 1180)]).toEqual([true, false]);
});

test("a device that has no key yet", () => {
  expect(parseDump("(none)\t(none)\t0\toff\n", 1)).toEqual({ port: 0, publicKey: "", peers: [] });
});
