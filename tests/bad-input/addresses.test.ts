import { describe, expect, it } from "vitest";
import { networkWith, problemsOf, specWith, warningsOf } from "./problems-of.ts";

const subnet = (prefix: string): string =>
  specWith({ networks: `  apps: { subnet: "${prefix}"${prefix.includes(":") ? ", docker: none" : ""} }` });
const host = (address: string): string => specWith({ hosts: `  vm1: { address: "${address}" }` });

it("B20: overlapping subnets", () => {
  const networks = "  apps: { subnet: 10.64.0.0/12 }\n  data: { subnet: 10.70.0.0/16 }\n  more: { subnet: 10.64.0.0/12 }";
  expect(problemsOf(specWith({ networks }))).toMatchInlineSnapshot(`
    [
      "8:19 input, networks.data.subnet: 10.70.0.0/16 overlaps 10.64.0.0/12 of apps (line 7) in 10.70.0.0/16 -> give each network its own range",
      "9:19 input, networks.more.subnet: 10.64.0.0/12 overlaps 10.64.0.0/12 of apps (line 7) in 10.64.0.0/12 -> give each network its own range",
      "9:19 input, networks.more.subnet: 10.64.0.0/12 overlaps 10.70.0.0/16 of data (line 8) in 10.70.0.0/16 -> give each network its own range",
    ]
  `);
});

describe("B21: subnets over something that is there", () => {
  it("refuses one that holds underlay addresses", () => {
    const hosts = "  vm1: { address: 10.64.0.1 }\n  vm2: { address: 10.65.0.1 }";
    expect(problemsOf(specWith({ hosts }))).toMatchInlineSnapshot(`
      [
        "7:19 input, networks.apps.subnet: 10.64.0.0/12 contains 10.64.0.1, the underlay address of vm1 (and of 1 more): tunnels would lead into themselves -> use a subnet apart from the hosts' own addresses",
      ]
    `);
  });

  it("warns of Docker's own pools", () => {
    expect(problemsOf(subnet("172.16.0.0/12"))).toEqual([]);
    expect(warningsOf(subnet("172.16.0.0/12"))).toMatchInlineSnapshot(`
      [
        "7:19 input, networks.apps.subnet: 172.16.0.0/12 overlaps 172.17.0.0/16, from which Docker takes subnets for new networks by itself -> use a subnet in 10.0.0.0/8, or set "default-address-pools" in /etc/docker/daemon.json to another range on every host",
      ]
    `);
    expect(warningsOf(subnet("172.31.0.0/16"))).toHaveLength(1);
    expect(warningsOf(subnet("192.168.7.0/24"))).toHaveLength(1);
    expect(warningsOf(subnet("172.16.0.0/16"))).toEqual([]);
    expect(warningsOf(subnet("10.0.0.0/9"))).toEqual([]);
  });
});

describe("B22, B23: prefixes that are none", () => {
  it.each([
    "10.0.0.5/24",
    "10.0.0.0/255.255.0.255",
    "10.0.0.0/31",
    "10.0.0.0/32",
    "10.0.0.0/30",
    "0.0.0.0/0",
    "10.0.0.0/33",
    "fd00::/129",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/-8",
    "fd00::1/64",
    "::/0",
    "fd00::/127",
    "10.0.0.0/08",
    "",
  ])("%s", (prefix) => {
    expect(problemsOf(subnet(prefix))).toMatchSnapshot();
  });
});

describe("B24: slices that do not fit", () => {
  it("says the arithmetic", () => {
    expect(problemsOf(networkWith("addressing: { slicePrefix: 11 }"))).toMatchInlineSnapshot(`
      [
        "7:60 input, networks.apps.addressing.slicePrefix: a /11 slice is larger than the /12 subnet -> write slicePrefix: 13 or more, at most 28",
      ]
    `);
    expect(problemsOf(networkWith("addressing: { slicePrefix: 12 }"))).toMatchInlineSnapshot(`
      [
        "7:60 input, networks.apps.addressing.slicePrefix: /12 into /12 slices gives 2^(12 - 12) = 1, and there are 2 hosts -> write slicePrefix: 13 or more, at most 28",
      ]
    `);
    expect(problemsOf(networkWith("addressing: { slicePrefix: 29 }"))).toMatchInlineSnapshot(`
      [
        "7:60 input, networks.apps.addressing.slicePrefix: a /29 slice is too small: gateway, probe and containers need at least 16 addresses -> write slicePrefix: 28 or less",
      ]
    `);
    const hosts = Array.from({ length: 17 }, (_, i) => `  vm${i}: { address: 192.0.2.${i + 1} }`).join("\n");
    expect(problemsOf(specWith({ hosts, networks: "  apps: { subnet: 10.64.0.0/24 }" }))).toMatchInlineSnapshot(`
      [
        "22:19 input, networks.apps.subnet: /24 into /28 slices gives 2^(28 - 24) = 16, and there are 17 hosts -> use a subnet of /23 or wider",
      ]
    `);
  });

  it("counts what pins take", () => {
    expect(problemsOf(networkWith("addressing: { slicePrefix: 16, hosts: { vm1: 10.64.0.0/12 } }"))).toMatchInlineSnapshot(`
      [
        "7:60 input, networks.apps.addressing.slicePrefix: every /16 slice of 10.64.0.0/12 is pinned, locked or taken; none is left for vm2 -> use a wider subnet, or a larger slicePrefix for new slices",
      ]
    `);
  });

  it.each([
    "{ vm9: 10.64.0.0/20 }",
    "{ vm1: 10.32.0.0/20 }",
    "{ vm1: 10.64.0.5/20 }",
    "{ vm1: 10.64.0.0/29 }",
    "{ vm1: 10.64.0.0/20, vm2: 10.64.0.0/24 }",
    "{ VM1: 10.64.0.0/20 }",
  ])("refuses the pins %s", (pins) => {
    expect(problemsOf(networkWith(`addressing: { hosts: ${pins} }`))).toMatchSnapshot();
  });
});

describe("B25: reserved ranges", () => {
  it.each(["127.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/8", "240.0.0.0/8", "fe80::/64", "ff00::/16", "::/96"])(
    "%s",
    (prefix) => {
      expect(problemsOf(subnet(prefix))).toMatchSnapshot();
    },
  );

  it("warns of the shared range", () => {
    expect(warningsOf(subnet("100.64.0.0/16"))).toMatchInlineSnapshot(`
      [
        "7:19 input, networks.apps.subnet: 100.64.0.0/10 is shared with providers (RFC 6598), and some VPNs and clouds use it -> make sure nothing on these hosts does, or use 10.0.0.0/8",
      ]
    `);
  });
});

it("an IPv6 subnet for Docker, which needs IPv4", () => {
  expect(problemsOf(specWith({ networks: "  apps: { subnet: 'fd00:64::/48', docker: { network: six } }" }))).toMatchInlineSnapshot(`
    [
      "7:43 input, networks.apps.docker: Docker needs an IPv4 subnet for a bridge network -> use an IPv4 subnet, or write \`docker: none\`",
    ]
  `);
});

describe("B26: public ranges", () => {
  it.each(["8.8.0.0/16", "172.32.0.0/16", "192.0.2.0/24", "2001:db8::/48", "2600::/32"])("refuses %s", (prefix) => {
    expect(problemsOf(subnet(prefix))).toMatchSnapshot();
  });

  it.each(["10.0.0.0/8", "172.16.0.0/16", "192.168.0.0/16", "198.18.0.0/15", "fd00:64::/48", "fd00::/8"])("accepts %s", (prefix) => {
    expect(problemsOf(subnet(prefix))).toEqual([]);
  });
});

describe("B27, B28: addresses in disguise", () => {
  it.each([
    "010.0.0.1",
    "0x7f.1",
    "127.1",
    "2130706433",
    "10.0.0.1/24",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "64:ff9b::1",
    "fe80::1%eth0",
    "fe80::1",
    "::1",
    "127.0.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "vm1.example.org",
    "",
  ])("refuses the host address %s", (address) => {
    expect(problemsOf(host(address))).toMatchSnapshot();
  });

  it("refuses a number where an address belongs", () => {
    expect(problemsOf(specWith({ hosts: "  vm1: { address: 2130706433 }" }))).toMatchInlineSnapshot(`
      [
        "4:19 input, hosts.vm1.address: 2130706433 is not text -> write 192.168.122.81",
      ]
    `);
  });

  it("compares addresses by bytes", () => {
    const hosts = '  vm1: { address: "2001:DB8:0::1" }\n  vm2: { address: "2001:db8::0001" }';
    expect(problemsOf(specWith({ hosts }))).toMatchInlineSnapshot(`
      [
        "5:19 input, hosts.vm2.address: 2001:db8::1 is also the address of vm1 in line 4 -> give each host its own address",
      ]
    `);
  });
});
