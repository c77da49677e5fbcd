import { describe, expect, it } from "vitest";
import { networkWith, problemsOf, specWith } from "./problems-of.ts";

/** The spec has no field for a gateway (it is the slice's second address) or for MACs: naming one is an unknown field. */
describe("B29, B31: what the file has no field for", () => {
  it.each(["gateway: 10.64.0.1", "static: { web: 10.64.0.9 }", "mac: 01:00:5e:00:00:01", "links: [[vm1, vm9]]"])(
    "refuses %s as unknown",
    (field) => {
      const [name] = field.split(":");
      expect(problemsOf(networkWith(field))).toEqual([
        `7:33 input, networks.apps.${name}: there is no field "${name}" here -> use one of: subnet, dataplane, addressing, egress, mtu, docker, ip`,
      ]);
    },
  );
});

it("B30: one address for two hosts", () => {
  expect(problemsOf(specWith({ hosts: "  vm1: { address: 192.0.2.1 }\n  vm2: { address: 192.0.2.1 }" }))).toMatchInlineSnapshot(`
    [
      "5:19 input, hosts.vm2.address: 192.0.2.1 is also the address of vm1 in line 4 -> give each host its own address",
    ]
  `);
});

describe("B32: MTU bounds", () => {
  it.each(["mtu: 575", "mtu: 65536", "mtu: 65500", "mtu: { bytes: 0 }", "mtu: -1", "mtu: 1400.5"])("%s", (mtu) => {
    expect(problemsOf(networkWith(mtu))).toMatchSnapshot();
  });

  it("needs 1280 for IPv6, and subtracts the overhead of the underlay's family", () => {
    expect(problemsOf(specWith({ networks: "  apps: { subnet: 'fd00:64::/48', mtu: 1279, docker: none }" }))).toMatchInlineSnapshot(`
      [
        "7:40 input, networks.apps.mtu: 1279 is less than 1280, the least IPv6 needs (RFC 8200, section 5) -> write 1280 or more",
      ]
    `);
    expect(problemsOf(specWith({ hosts: "  vm1: { address: '2001:db8::1' }", networks: "  apps: { subnet: 10.64.0.0/12, mtu: 65470 }" })))
      .toMatchInlineSnapshot(`
      [
        "6:38 input, networks.apps.mtu: 65470 is more than 65535 - 70 (vxlan over IPv6) = 65465 -> write 65465 or less, or leave it out",
      ]
    `);
    expect(problemsOf(networkWith("mtu: 65485"))).toEqual([]);
  });
});

it("B39: underlay addresses of two families", () => {
  expect(problemsOf(specWith({ hosts: "  vm1: { address: 192.0.2.1 }\n  vm2: { address: '2001:db8::1' }" }))).toMatchInlineSnapshot(`
    [
      "5:19 input, hosts.vm2.address: 2001:db8::1 is IPv6, and vm1 has IPv4 (192.0.2.1) -> use addresses of one family for all hosts",
    ]
  `);
});

it.each([
  ["127.0.0.1", "127.0.0.1 is loopback (RFC 1122), not outside"],
  ["0.0.0.0", '0.0.0.0 is "this network" (RFC 1122), not outside'],
  ["239.1.2.3", "239.1.2.3 is multicast (RFC 5771), not outside"],
  ["192.0.2.2", "192.0.2.2 is the host vm2, not outside"],
])("an egress check of %s would be answered by nobody outside", (address, why) => {
  expect(problemsOf(networkWith(`egress: { check: ${address} }`))).toEqual([
    `7:50 input, networks.apps.egress.check: ${why} -> name an address beyond the hosts, like their router's`,
  ]);
});

it("two hosts that are reached by one ssh target are one machine", () => {
  const hosts = "  vm1: { address: 192.0.2.1, ssh: root@box }\n  vm2: { address: 192.0.2.2, ssh: root@box }";
  expect(problemsOf(specWith({ hosts }))).toEqual([
    "5:35 input, hosts.vm2.ssh: root@box is also where vm1 is reached (line 4): both would be one machine -> give each host its own ssh target",
  ]);
});

it("a file of a later version is not asked to be made an earlier one", () => {
  expect(problemsOf(specWith({}).replace("version: 1", "version: 2"))).toEqual([
    "1:10 input, version: this program reads version 1 of the file, and it is of version 2 -> use the Spanwire that the file was written for",
  ]);
});

it("egress checks that check nothing", () => {
  expect(problemsOf(networkWith("egress: { mode: none, check: 192.0.2.9 }"))).toMatchInlineSnapshot(`
    [
      "7:62 input, networks.apps.egress.check: with egress none nothing outside is reached, so there is nothing to check -> remove check, or write mode: masquerade",
    ]
  `);
  expect(problemsOf(networkWith("egress: { check: 10.64.0.9 }"))).toMatchInlineSnapshot(`
    [
      "7:50 input, networks.apps.egress.check: 10.64.0.9 lies in 10.64.0.0/12 of apps, not outside -> name an address outside the cluster's networks",
    ]
  `);
  expect(problemsOf(networkWith("egress: { check: '2001:db8::1' }"))).toMatchInlineSnapshot(`
    [
      "7:50 input, networks.apps.egress.check: 2001:db8::1 is IPv6, and the network is IPv4 -> name an IPv4 address",
    ]
  `);
});

it("no hosts, no networks", () => {
  expect(problemsOf("version: 2\ncluster: test\nhosts: {}\nnetworks: {}\n")).toMatchInlineSnapshot(`
    [
      "1:10 input, version: this program reads version 1 of the file, and it is of version 2 -> use the Spanwire that the file was written for",
      "3:8 input, hosts: there are no hosts -> add vm1: { address: 192.168.122.81 }",
      "4:11 input, networks: there are no networks -> add apps: { subnet: 10.64.0.0/12 }",
    ]
  `);
});

it("all problems of one file in one go, in the order of the file", () => {
  const text = `version: 1
cluster: Prod
hosts:
  vm1: { adress: 192.0.2.1 }
  VM2: { address: 010.0.0.2 }
  vm3: { address: 192.0.2.3, ssh: "-oProxyCommand=x" }
  vm4: { address: 192.0.2.4 }
  vm5: { address: 192.0.2.4 }
networks:
  a: { subent: 10.1.0.0/16 }
  b1: { subnet: 10.0.0.5/24, dataplane: { type: routed, tunnel: gre } }
  c1: { subnet: 10.2.0.0/16, mtu: 100 }
  d1: { subnet: 10.3.0.0/16, dataplane: { type: vxlan, vni: 7 } }
  e1: { subnet: 10.3.4.0/24, dataplane: { type: vxlan, vni: 7 } }
  f1: { subnet: 8.8.0.0/16 }
colour: red
`;
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    [
      "2:10 input, cluster: "Prod" does not fit: a name is 1 to 31 of a-z, 0-9, _ and -, with a letter in front -> write something like prod",
      "4:10 input, hosts.vm1.adress: there is no field "adress" here -> write address",
      "5:3 input, hosts.VM2: "VM2" is not a legal name: a name is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends; several of these with dots between -> write vm2",
      "5:19 input, hosts.VM2.address: "010.0.0.2" is not an IPv4 address -> write four decimal numbers, like 10.0.0.1",
      "6:35 input, hosts.vm3.ssh: "-oProxyCommand=x" does not fit: an ssh destination is a name of ~/.ssh/config, HOST, USER@HOST or ssh://USER@HOST:PORT -> write something like root@vm1",
      "8:19 input, hosts.vm5.address: 192.0.2.4 is also the address of vm4 in line 7 -> give each host its own address",
      "10:8 input, networks.a.subent: there is no field "subent" here -> write subnet",
      "11:17 input, networks.b1.subnet: host bits are set: 10.0.0.5 lies inside 10.0.0.0/24 -> write 10.0.0.0/24",
      "11:57 input, networks.b1.dataplane.tunnel: there is no field "tunnel" here -> use one of: type",
      "12:35 input, networks.c1.mtu: 100 is less than 576 -> write 576 or more",
      "14:17 input, networks.e1.subnet: 10.3.4.0/24 overlaps 10.3.0.0/16 of d1 (line 13) in 10.3.4.0/24 -> give each network its own range",
      "14:61 input, networks.e1.dataplane.vni: VNI 7 is also the VNI of d1 (line 13): the two networks would be one -> choose another VNI, or leave it out",
      "15:17 refused, networks.f1.subnet: 8.8.0.0/16 is a public range: its real owners would become unreachable from every member -> use a private range, like 10.64.0.0/12",
      "16:1 input, colour: there is no field "colour" here -> use one of: version, cluster, hosts, networks",
    ]
  `);
});

it("tells all mistakes of a file in one go", () => {
  const text = `version: 1
cluster: Bad_Name
hosts:
  vm1: { address: 192.0.2.1, color: red }
  vm1: { address: 192.0.2.1 }
  -x: { addres: 192.0.2.2 }
  vm4: { address: 192.0.2.1 }
networks:
  apps: { subnet: 10.64.0.0/16, mtu: 12 }
  back: { subnet: 10.64.0.0/16, dataplane: vxlon }
  six: { subnet: 'fd00:64::/64' }
  B: { subnet: 10.9.0.1/16 }
`;
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    [
      "2:10 input, cluster: "Bad_Name" does not fit: a name is 1 to 31 of a-z, 0-9, _ and -, with a letter in front -> write something like prod",
      "5:3 input, hosts.vm1: the key is here a second time; the first is in line 4 -> remove one of the two",
      "6:3 input, hosts.-x: "-x" is not a legal name: a name is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends; several of these with dots between -> write x",
      "6:9 input, hosts.-x.addres: there is no field "addres" here -> write address",
      "7:19 input, hosts.vm4.address: 192.0.2.1 is also the address of vm1 in line 5 -> give each host its own address",
      "9:38 input, networks.apps.mtu: 12 is less than 576 -> write 576 or more",
      "10:19 input, networks.back.subnet: 10.64.0.0/16 overlaps 10.64.0.0/16 of apps (line 9) in 10.64.0.0/16 -> give each network its own range",
      "10:44 input, networks.back.dataplane: "vxlon" is not vxlan or ovs or routed or wireguard or a mapping -> write vxlan",
      "11:8 input, networks.six.docker: Docker needs an IPv4 subnet for a bridge network -> use an IPv4 subnet, or write \`docker: none\`",
      "12:3 input, networks.B: "B" is not a legal name: a name is 1 to 31 of a-z, 0-9, _ and -, with a letter in front -> write b",
      "12:16 input, networks.B.subnet: host bits are set: 10.9.0.1 lies inside 10.9.0.0/16 -> write 10.9.0.0/16",
    ]
  `);
});
