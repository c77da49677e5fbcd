import { describe, expect, it } from "vitest";
import { networkWith, problemsOf, specWith } from "./problems-of.ts";

describe("static addresses", () => {
  it("B30: one address for two names, in whatever spelling", () => {
    expect(problemsOf(networkWith("ip: { db: 10.64.16.9, web: 10.64.16.9 }"))).toMatchInlineSnapshot(`
      [
        "7:60 input, networks.apps.ip.web: 10.64.16.9 is also kept for db (line 7) -> give each its own address",
      ]
    `);
    const networks =
      "  apps:\n    subnet: fd00:64::/48\n    docker: none\n    ip:\n      db: fd00:64:0:1::9\n      web: FD00:0064:0:1:0::9";
    expect(problemsOf(specWith({ networks }))).toMatchInlineSnapshot(`
      [
        "12:12 input, networks.apps.ip.web: fd00:64:0:1::9 is also kept for db (line 11) -> give each its own address",
      ]
    `);
  });

  it("B31: outside the subnet, or its own address", () => {
    expect(problemsOf(networkWith("ip: { aa: 10.9.0.1, bb: 10.64.0.0, cc: 10.79.255.255, dd: 'fd00::9' }"))).toMatchInlineSnapshot(`
      [
        "7:43 input, networks.apps.ip.aa: 10.9.0.1 is not inside 10.64.0.0/12 -> write an address of the network's own subnet",
        "7:57 input, networks.apps.ip.bb: 10.64.0.0 is the address of 10.64.0.0/12 itself -> write an address of a host's slice",
        "7:72 input, networks.apps.ip.cc: 10.79.255.255 is the broadcast address of 10.64.0.0/12 -> write an address of a host's slice",
        "7:91 input, networks.apps.ip.dd: fd00::9 is not inside 10.64.0.0/12 -> write an address of the network's own subnet",
      ]
    `);
  });

  it.each([
    "ip: { db: 10.64.16.9/32 }",
    "ip: { db: 10.64.16 }",
    "ip: { db: }",
    "ip: [10.64.16.9]",
    "ip: { x: 10.64.16.9 }",
    "ip: { -rf: 10.64.16.9 }",
  ])("%s", (fields) => {
    expect(problemsOf(networkWith(fields))).toMatchSnapshot();
  });
});

describe("per-host addressing", () => {
  it.each([
    "{ mode: perhost }",
    "{ overlay: 10.64.0.0/24 }",
    "{ mode: slices, overlay: 10.64.0.0/24 }",
    "{ mode: per-host, overlay: 10.9.0.0/24 }",
    "{ mode: per-host, overlay: 10.64.0.0/30 }",
    "{ mode: per-host, overlay: 10.64.0.1/24 }",
    "{ mode: per-host, overlay: 10.64.0.0/12 }",
    "{ mode: per-host, overlay: 10.64.0.0/24, hosts: { vm1: 10.64.0.0/20 } }",
  ])("refuses %s", (addressing) => {
    const hosts = "  vm1: { address: 192.0.2.1 }\n  vm2: { address: 192.0.2.2 }\n  vm3: { address: 192.0.2.3 }";
    expect(problemsOf(specWith({ hosts, networks: `  apps: { subnet: 10.64.0.0/12, addressing: ${addressing} }` }))).toMatchSnapshot();
  });

  it.each([
    "{ mode: per-host }",
    "{ mode: per-host, overlay: 10.64.0.0/30 }",
    "{ mode: per-host, overlay: 10.79.255.0/24, slicePrefix: 24 }",
  ])("accepts %s", (addressing) => {
    expect(problemsOf(networkWith(`addressing: ${addressing}`))).toEqual([]);
  });

  it("B24: a subnet whose slices are all for hosts has no room for their overlay addresses", () => {
    expect(problemsOf(specWith({ networks: "  apps: { subnet: 10.64.0.0/27, addressing: { mode: per-host } }" }))).toMatchInlineSnapshot(`
      [
        "7:19 input, networks.apps.subnet: /27 into /28 slices gives 2^(28 - 27) = 2, and there are 2 hosts, whose overlay addresses need 1 more -> use a subnet of /26 or wider",
      ]
    `);
  });
});
