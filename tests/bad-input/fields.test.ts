import { describe, expect, it } from "vitest";
import { networkWith, problemsOf, specWith } from "./problems-of.ts";

describe("B09: unknown and misspelt fields", () => {
  it("proposes the field that was meant, and does not call it missing as well", () => {
    expect(problemsOf(specWith({ networks: "  apps: { subent: 10.64.0.0/12 }" }))).toMatchInlineSnapshot(`
      [
        "7:11 input, networks.apps.subent: there is no field "subent" here -> write subnet",
      ]
    `);
    expect(problemsOf(specWith({ hosts: "  vm1: { adress: 192.0.2.1 }" }))).toMatchInlineSnapshot(`
      [
        "4:10 input, hosts.vm1.adress: there is no field "adress" here -> write address",
      ]
    `);
    expect(problemsOf(networkWith("dataplane: { type: vxlan, prot: 4789 }"))).toMatchInlineSnapshot(`
      [
        "7:59 input, networks.apps.dataplane.prot: there is no field "prot" here -> write port",
      ]
    `);
    expect(problemsOf(networkWith("mtu: { reserv: gre }"))).toMatchInlineSnapshot(`
      [
        "7:40 input, networks.apps.mtu.reserv: there is no field "reserv" here -> write reserve",
      ]
    `);
  });

  it("lists the fields when none is near", () => {
    expect(problemsOf(`${specWith({})}description: my cluster\n`)).toMatchInlineSnapshot(`
      [
        "8:1 input, description: there is no field "description" here -> use one of: version, cluster, hosts, networks",
      ]
    `);
  });

  it("says which field is missing", () => {
    expect(problemsOf(specWith({ networks: "  apps: { mtu: 1400 }" }))).toMatchInlineSnapshot(`
      [
        "7:9 input, networks.apps.subnet: "subnet" is missing -> add subnet: 10.64.0.0/12",
      ]
    `);
    expect(problemsOf("version: 1\n")).toMatchInlineSnapshot(`
      [
        "1:1 input, cluster: "cluster" is missing -> add cluster: prod",
        "1:1 input, hosts: "hosts" is missing -> add hosts: { vm1: { address: 192.168.122.81 } }",
        "1:1 input, networks: "networks" is missing -> add networks: { apps: { subnet: 10.64.0.0/12 } }",
      ]
    `);
  });

  it.each([
    "auto",
    "vxlna",
    "{ type: routed, peers: unicast }",
    "{ type: ovs, encrypt: wireguard }",
    "{ type: vxlan, peers: evpn }",
    "{ type: vxlan, encrypt: wireguard }",
  ])("names a data plane of a later version: %s", (dataplane) => {
    expect(problemsOf(networkWith(`dataplane: ${dataplane}`))).toMatchSnapshot();
  });

  it("names other features of a later version", () => {
    expect(problemsOf(networkWith("docker: { defaultBridge: true }"))).toMatchInlineSnapshot(`
      [
        "7:43 input, networks.apps.docker.defaultBridge: defaultBridge is not in this version -> write docker: { network: NAME }",
      ]
    `);
  });
});

describe("B10: YAML 1.1 habits and wrong types", () => {
  it.each([
    "mtu: yes",
    "mtu: 0o17",
    "mtu: 0x5dc",
    "mtu: 1_000",
    "mtu: 01400",
    "mtu: 11:22:33:44:55:66",
    "mtu: [1400]",
    "mtu: '1400'",
    "mtu:",
    "egress: no",
    "docker: off",
    "dataplane: [vxlan]",
  ])("%s", (field) => {
    expect(problemsOf(networkWith(field))).toMatchSnapshot();
  });

  it("a host list instead of a mapping", () => {
    expect(problemsOf(specWith({ hosts: "  - vm1" }))).toMatchInlineSnapshot(`
      [
        "4:3 input, hosts: a list is not a mapping -> write { vm1: { address: 192.168.122.81 } }",
      ]
    `);
  });
});

describe("B11: VNIs", () => {
  it.each(["-1", "0", "16777216", "42.5", "1e3", '"42"', "9007199254740993", ".nan", ".inf"])("refuses %s", (vni) => {
    expect(problemsOf(networkWith(`dataplane: { type: vxlan, vni: ${vni} }`))).toMatchSnapshot();
  });

  it.each(["1", "16777215"])("accepts %s", (vni) => {
    expect(problemsOf(networkWith(`dataplane: { type: vxlan, vni: ${vni} }`))).toEqual([]);
  });
});

it("B12: one VNI for two networks", () => {
  const networks =
    "  apps: { subnet: 10.64.0.0/12, dataplane: { type: vxlan, vni: 42 } }\n  data: { subnet: 10.80.0.0/16, dataplane: { type: vxlan, vni: 42 } }";
  expect(problemsOf(specWith({ networks }))).toMatchInlineSnapshot(`
    [
      "8:64 input, networks.data.dataplane.vni: VNI 42 is also the VNI of apps (line 7): the two networks would be one -> choose another VNI, or leave it out",
    ]
  `);
});

/** Names of networks become parts of names of links and Docker networks; the link's own name is a hash. */
describe("B13, B14, B15, B16: network names", () => {
  const bad = [
    "a".repeat(32),
    '""',
    '"."',
    '".."',
    '"a/b"',
    '"a:b"',
    '"a b"',
    "1a",
    '"x;reboot"',
    '"`id`"',
    '"$(id)"',
    `"it's"`,
    '"a\\nb"',
    '"-rf"',
    '"--help"',
    '"a%d"',
  ];
  it.each(bad)("refuses %s", (name) => {
    expect(problemsOf(specWith({ networks: `  ${name}: { subnet: 10.64.0.0/12 }` }))).toMatchSnapshot();
  });
});

describe("B14, B15: host names", () => {
  it.each(["vm1", "1", "web-1.example.com", "a".repeat(63)])("takes %s", (name) => {
    expect(problemsOf(specWith({ hosts: `  ${name}: { address: 192.0.2.1 }` }))).toEqual([]);
  });

  it.each(["-oProxyCommand=x", "vm_1", "vm1..example", ".vm1", "a".repeat(64), "vm1-", '"a\\nb"', '"../x"'])("refuses %s", (name) => {
    expect(problemsOf(specWith({ hosts: `  ${name}: { address: 192.0.2.1 }` }))).toMatchSnapshot();
  });
});

describe("B17: names Docker has already", () => {
  it.each(["bridge", "host", "none", "default"])("refuses the network %s, which would be a Docker network of that name", (name) => {
    expect(problemsOf(specWith({ networks: `  ${name}: { subnet: 10.64.0.0/12 }` }))).toEqual([
      `7:${name.length + 5} input, networks.${name}.docker.network: Docker uses the network name ${name} itself -> write docker: { network: NAME } with another name`,
    ]);
    expect(problemsOf(specWith({ networks: `  ${name}: { subnet: 10.64.0.0/12, docker: { network: other } }` }))).toEqual([]);
  });

  it("refuses a Docker name that Docker would refuse, and one for two networks", () => {
    expect(problemsOf(networkWith('docker: { network: "a b" }'))).toMatchInlineSnapshot(`
      [
        "7:52 input, networks.apps.docker.network: "a b" does not fit: a name is 2 to 63 letters, digits, _, . and -, with a letter or digit in front -> write something like apps",
      ]
    `);
    expect(problemsOf(specWith({ networks: "  a: { subnet: 10.64.0.0/12 }" }))).toMatchInlineSnapshot(`
      [
        "7:6 input, networks.a.docker.network: a Docker network's name has at least two characters, and a has one -> write docker: { network: NAME } with another name",
      ]
    `);
    const networks = "  apps: { subnet: 10.64.0.0/12 }\n  data: { subnet: 10.80.0.0/16, docker: { network: apps } }";
    expect(problemsOf(specWith({ networks }))).toMatchInlineSnapshot(`
      [
        "8:52 input, networks.data.docker.network: the Docker network apps is already that of apps (line 7) -> write docker: { network: NAME } with another name",
      ]
    `);
  });
});

describe("B18, B19: characters that deceive", () => {
  const names = {
    homoglyph: "\u0430pps",
    zeroWidth: "ap\u200bps",
    emoji: "\u{1f600}",
    fullWidth: "\uff41pps",
    escape: '"a\\e[31m"',
    html: '"<b>"',
  };
  it.each(Object.entries(names))("refuses a %s in a name, and shows it harmlessly", (_kind, name) => {
    const problems = problemsOf(specWith({ networks: `  ${name}: { subnet: 10.64.0.0/12 }` }));
    expect(problems).toMatchSnapshot();
    // oxlint-disable-next-line no-control-regex
    expect(problems.join("")).not.toMatch(/[\u0000-\u001f\u200b\u202e]/);
  });

  it("refuses control characters and text direction anywhere, comments too", () => {
    expect(problemsOf(new TextEncoder().encode(`${specWith({})}# safe \u202e txet \u001b[31m\n`))).toMatchInlineSnapshot(`
      [
        "8:8 input, the file: the invisible character U+202E is not allowed -> remove it",
        "8:15 input, the file: the invisible character U+001B is not allowed -> remove it",
      ]
    `);
  });
});

/** B44 in short: what `ssh` would take for an option or for more than one word. */
describe("B15: ssh destinations", () => {
  it.each([
    "-oProxyCommand=x",
    "root@-oProxyCommand=x",
    "vm1 -p 22",
    "a\\nb",
    "",
    "ssh://vm1:70000",
    "ssh://vm1:0",
    "ssh://-vm1",
    "root@",
    "a@b@c",
    "vm1;id",
  ])("refuses %j", (ssh) => {
    expect(problemsOf(specWith({ hosts: `  vm1: { address: 192.0.2.1, ssh: "${ssh}" }` }))).toMatchSnapshot();
  });

  it.each(["vm1", "root@vm1", "root@192.0.2.1", "my_alias", "ssh://root@vm1:2222", "ssh://[fd00::1]:22", "fd00::1"])(
    "accepts %s",
    (ssh) => {
      expect(problemsOf(specWith({ hosts: `  vm1: { address: 192.0.2.1, ssh: "${ssh}" }` }))).toEqual([]);
    },
  );
});
