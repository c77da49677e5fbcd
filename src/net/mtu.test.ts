import { describe, expect, it } from "vitest";
import { encapOverheadBytes, networkMtu } from "./mtu.ts";

describe("encapOverheadBytes", () => {
  it.each([
    ["vxlan", 4, false, 50],
    ["vxlan", 6, false, 70],
    ["gre", 4, false, 38],
    ["gre", 4, true, 42],
    ["gre", 6, true, 62],
    ["geneve", 4, false, 50],
    ["geneve", 6, false, 70],
    ["wireguard", 4, false, 60],
    ["wireguard", 6, false, 80],
    ["vxlan", 4, true, 50],
  ] as const)("%s over IPv%i (key %s): %i", (encapsulation, family, key, expected) => {
    expect(encapOverheadBytes({ encapsulation, hasKey: key }, family)).toBe(expected);
  });
});

describe("networkMtu", () => {
  const over4 = { tunnel: { encapsulation: "vxlan", hasKey: true }, family: 4, underlayMtus: [9000, 1500, 1600] } as const;

  it("takes the smallest underlay and leaves room for what may come", () => {
    expect(networkMtu({ ...over4, wish: {} })).toBe(1450);
    expect(networkMtu({ ...over4, wish: { reserve: "wireguard" } })).toBe(1440);
    expect(networkMtu({ ...over4, wish: { reserve: "gre" } })).toBe(1450);
    expect(networkMtu({ ...over4, wish: { bytes: 1400 } })).toBe(1400);
    expect(networkMtu({ ...over4, family: 6, wish: {} })).toBe(1430);
  });

  it("refuses what does not fit, with the sum", () => {
    expect(networkMtu({ ...over4, wish: { bytes: 1451 } })).toMatchObject({
      kind: "input",
      why: "1451 bytes do not fit: 1500 (smallest underlay MTU) - 50 (vxlan over IPv4) = 1450",
      try: "write mtu: 1450, or leave it out",
    });
    expect(networkMtu({ ...over4, underlayMtus: [1300], subnetFamily: 6, wish: {} })).toMatchObject({
      why: "1300 (smallest underlay MTU) - 50 (vxlan over IPv4) = 1250, and the network needs at least 1280",
      try: "raise the underlay's MTU to 1330 or more",
    });
    expect(networkMtu({ ...over4, wish: { bytes: 500 } })).toMatchObject({ why: "500 is less than the 576 the network needs" });
  });
});
