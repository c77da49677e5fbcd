import { describe, expect, it } from "vitest";
import { networkWith, problemsOf, specWith } from "./problems-of.ts";

/** Networks n1, n2, ... in the lines from 7 on, each with such a data plane. */
const planes = (...dataplanes: readonly string[]): string =>
  specWith({ networks: dataplanes.map((plane, i) => `  n${i + 1}: { subnet: 10.${64 + i}.0.0/16, dataplane: ${plane} }`).join("\n") });

describe("tunnels of Open vSwitch", () => {
  it.each([
    "{ type: ovs, tunnel: ipsec }",
    "{ type: ovs, tunnel: gre, port: 4789 }",
    "{ type: ovs, port: 0 }",
    "{ type: ovs, port: 65536 }",
    "{ type: ovs, key: none }",
    "{ type: ovs, tunnel: geneve, key: none }",
    "{ type: ovs, key: 0 }",
    "{ type: ovs, key: 16777216 }",
    "{ type: ovs, key: nine }",
    "{ type: ovs, vni: 5 }",
    "{ type: ovs, tunel: gre }",
    "{ type: ovs, join: patch }",
    "{ type: ovs, datapath: dpdk }",
    "{ type: vxlan, tunnel: gre }",
    "{ tunnel: gre }",
  ])("refuses %s", (dataplane) => {
    expect(problemsOf(networkWith(`dataplane: ${dataplane}`))).toMatchSnapshot();
  });

  it.each(["{ type: ovs, tunnel: gre, key: none }", "{ type: ovs, key: 1 }", "{ type: ovs, tunnel: geneve, port: 1, key: 16777215 }"])(
    "accepts %s",
    (dataplane) => {
      expect(problemsOf(networkWith(`dataplane: ${dataplane}`))).toEqual([]);
    },
  );

  it("B32: an MTU that leaves no room for the tunnel's own headers", () => {
    expect(problemsOf(networkWith("mtu: 65498, dataplane: { type: ovs, tunnel: gre }"))).toMatchInlineSnapshot(`
      [
        "7:38 input, networks.apps.mtu: 65498 is more than 65535 - 42 (gre with a key over IPv4) = 65493 -> write 65493 or less, or leave it out",
      ]
    `);
    expect(problemsOf(networkWith("mtu: 65497, dataplane: { type: ovs, tunnel: gre, key: none }"))).toEqual([]);
  });
});

it("GRE between hosts with IPv6 addresses", () => {
  const over = (dataplane: string): string =>
    specWith({
      hosts: "  vm1: { address: 'fd00::1' }\n  vm2: { address: 'fd00::2' }",
      networks: `  apps: { subnet: 10.64.0.0/12, dataplane: ${dataplane} }`,
    });
  expect(problemsOf(over("{ type: ovs, tunnel: gre, topology: ring }"))).toMatchInlineSnapshot(`
    [
      "7:65 unsupported, networks.apps.dataplane.tunnel: Open vSwitch's GRE tunnels lie over IPv4, and vm1 has an IPv6 address (line 4) -> write tunnel: geneve or vxlan",
    ]
  `);
  for (const plane of ["ovs", "{ type: ovs, tunnel: geneve }", "vxlan"]) expect(problemsOf(over(plane))).toEqual([]);
});

describe("B12: what tells networks over the same hosts apart", () => {
  it("one number for two networks, of whatever data planes", () => {
    expect(problemsOf(planes("{ type: ovs, key: 7 }", "{ type: vxlan, vni: 7 }", "{ type: ovs, tunnel: gre, key: 7 }")))
      .toMatchInlineSnapshot(`
      [
        "8:62 input, networks.n2.dataplane.vni: VNI 7 is also the key of n1 (line 7): the two networks would be one -> choose another VNI, or leave it out",
        "9:73 input, networks.n3.dataplane.key: key 7 is also the key of n1 (line 7): the two networks would be one -> choose another key, or leave it out",
      ]
    `);
  });

  it("one UDP port for two receivers", () => {
    expect(problemsOf(planes("{ type: vxlan, port: 4789 }", "ovs"))).toMatchInlineSnapshot(`
      [
        "8:42 input, networks.n2.dataplane.port: VXLAN of Open vSwitch and kernel VXLAN of n1 (line 7) cannot share UDP port 4789 of a host -> write port: 8472 for one of them",
      ]
    `);
    expect(problemsOf(planes("ovs", "{ type: ovs, tunnel: geneve, port: 4789 }"))).toMatchInlineSnapshot(`
      [
        "8:77 input, networks.n2.dataplane.port: Geneve of Open vSwitch and VXLAN of Open vSwitch of n1 (line 7) cannot share UDP port 4789 of a host -> write port: 8472 for one of them",
      ]
    `);
    expect(problemsOf(planes("ovs", "{ type: ovs, datapath: userspace }"))).toMatchInlineSnapshot(`
      [
        "8:42 input, networks.n2.dataplane.port: VXLAN of Open vSwitch in userspace and VXLAN of Open vSwitch of n1 (line 7) cannot share UDP port 4789 of a host -> write port: 8472 for one of them",
      ]
    `);
    expect(problemsOf(planes("vxlan", "vxlan", "ovs", "ovs", "{ type: ovs, tunnel: geneve }", "{ type: ovs, tunnel: gre }"))).toEqual([]);
  });

  it("GRE without a key beside other GRE", () => {
    const keyless = "{ type: ovs, tunnel: gre, key: none }";
    expect(problemsOf(planes(keyless, keyless))).toMatchInlineSnapshot(`
      [
        "8:73 input, networks.n2.dataplane.key: n2 is GRE without a key, and n1 (line 7) is GRE over the same hosts: their packets are not told apart -> leave key out, and one is chosen, or write a number",
      ]
    `);
    expect(problemsOf(planes(keyless, "{ type: ovs, tunnel: gre }"))).toMatchInlineSnapshot(`
      [
        "7:73 input, networks.n1.dataplane.key: n1 is GRE without a key, and n2 (line 8) is GRE over the same hosts: their packets are not told apart -> leave key out, and one is chosen, or write a number",
      ]
    `);
    expect(problemsOf(planes("{ type: ovs, tunnel: gre, key: 5 }", keyless))).toMatchInlineSnapshot(`
      [
        "8:73 input, networks.n2.dataplane.key: n2 is GRE without a key, and n1 (line 7) is GRE over the same hosts: their packets are not told apart -> leave key out, and one is chosen, or write a number",
      ]
    `);
    expect(problemsOf(planes(keyless, "ovs", "vxlan"))).toEqual([]);
  });
});
