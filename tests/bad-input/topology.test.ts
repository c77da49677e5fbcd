import { describe, expect, it } from "vitest";
import { hostLines, problemsOf, specWith, warningsOf } from "./problems-of.ts";

/** One Open vSwitch network over vm1, vm2, ...; with four hosts its line is 9. */
const ovsOver = (count: number, fields: string): string =>
  specWith({ hosts: hostLines(count), networks: `  apps: { subnet: 10.64.0.0/12, dataplane: { type: ovs, ${fields} } }` });

describe("B33: links", () => {
  it("to unknown hosts, to itself, listed twice, in both directions", () => {
    const links = "links: [[vm1, vm2], [vm1, vm1], [vm2, vm1], [vm1, vm2], [vm3, vn4]]";
    expect(problemsOf(ovsOver(4, links))).toMatchInlineSnapshot(`
      [
        "9:77 input, networks.apps.dataplane.links[1]: it links vm1 to itself -> name two hosts, or remove the link",
        "9:89 input, networks.apps.dataplane.links[2]: vm2 and vm1 are linked already in line 9 the other way round; a link goes both ways -> remove one of the two",
        "9:101 input, networks.apps.dataplane.links[3]: vm1 and vm2 are linked already in line 9 -> remove one of the two",
        "9:119 input, networks.apps.dataplane.links[4][1]: there is no host vn4 -> write vm4, or add the host",
      ]
    `);
  });

  it("of a host that has a fault of its own is no fault", () => {
    const hosts = `${hostLines(2)}\n  vm3: { adress: 192.0.2.3 }`;
    const networks = "  apps: { subnet: 10.64.0.0/12, dataplane: { type: ovs, links: [[vm1, vm2], [vm2, vm3]] } }";
    expect(problemsOf(specWith({ hosts, networks }))).toMatchInlineSnapshot(`
      [
        "6:10 input, hosts.vm3.adress: there is no field "adress" here -> write address",
      ]
    `);
  });

  it.each([
    "links: [[vm1]]",
    "links: [[vm1, vm2, vm3]]",
    "links: [vm1, vm2]",
    "links: []",
    "links: [[-rf, vm2]]",
    "links: { nearest: 1 }",
    "links: { nearest: 3 }",
    "links: { nearest: 202 }",
    "links: { farthest: 4 }",
    "topology: links",
    "topology: ring, links: [[vm1, vm2]]",
    "topology: chain",
    "hub: vm1",
    "topology: star, hub: vm9",
    "loops: rtsp",
  ])("%s", (fields) => {
    expect(problemsOf(ovsOver(4, fields))).toMatchSnapshot();
  });
});

describe("B34: loops and what keeps frames from going round", () => {
  it.each([
    "topology: ring, loops: none",
    "topology: mesh, loops: none",
    "links: { nearest: 2 }, loops: none",
    "links: [[vm1, vm2], [vm2, vm3], [vm3, vm1], [vm3, vm4]], loops: none",
    "topology: ring, loops: split-horizon",
    "topology: star, loops: split-horizon",
    "links: [[vm1, vm2], [vm2, vm3], [vm3, vm4]], loops: split-horizon",
  ])("refuses %s", (fields) => {
    expect(problemsOf(ovsOver(4, fields))).toMatchSnapshot();
  });

  it.each([
    "topology: ring",
    "topology: ring, loops: stp",
    "topology: mesh, loops: rstp",
    "topology: star, loops: rstp",
    "links: { nearest: 4 }",
    "links: { nearest: 4 }, loops: split-horizon",
    "links: [[vm1, vm2], [vm2, vm3], [vm3, vm1], [vm3, vm4]]",
    "links: [[vm1, vm2], [vm2, vm3], [vm3, vm4]], loops: none",
  ])("accepts %s", (fields) => {
    expect(problemsOf(ovsOver(4, fields))).toEqual([]);
  });

  it("two hosts are a tree, whatever they are called", () => {
    expect(problemsOf(ovsOver(2, "topology: ring, loops: none"))).toEqual([]);
    expect(problemsOf(ovsOver(2, "topology: mesh, loops: none"))).toEqual([]);
  });
});

describe("bridge priorities", () => {
  it.each([
    "priorities: { vm1: 4096 }",
    "topology: star, priorities: { vm1: 4096 }",
    "topology: ring, loops: none, priorities: { vm1: 4096 }",
    "links: [[vm1, vm2], [vm2, vm3], [vm3, vm4]], priorities: { vm1: 4096 }",
    "topology: ring, priorities: { vm1: 4097, vm2: 65535, vm3: -1 }",
    "topology: ring, priorities: { vm1: 4096, vm7: 8192 }",
    "topology: ring, loops: stp, priorities: { vm1: 65536 }",
  ])("refuses %s", (fields) => {
    expect(problemsOf(ovsOver(4, fields))).toMatchSnapshot();
  });

  it.each(["topology: ring, priorities: { vm1: 0, vm2: 61440 }", "topology: ring, loops: stp, priorities: { vm1: 1, vm2: 65535 }"])(
    "accepts %s",
    (fields) => {
      expect(problemsOf(ovsOver(4, fields))).toEqual([]);
    },
  );
});

describe("B35: hosts that are cut off, or hang on one other", () => {
  it("refuses a partitioned graph", () => {
    expect(problemsOf(ovsOver(4, "links: [[vm1, vm2], [vm3, vm4]]"))).toMatchInlineSnapshot(`
      [
        "9:64 input, networks.apps.dataplane.links: nothing links vm3, vm4 with vm1, vm2 -> add a link, like [vm1, vm3]",
      ]
    `);
    expect(problemsOf(ovsOver(9, "links: [[vm1, vm2]]"))).toMatchInlineSnapshot(`
      [
        "14:64 input, networks.apps.dataplane.links: nothing links vm3 with vm1, vm2 -> add a link, like [vm1, vm3]",
      ]
    `);
  });

  it("warns of a single hub and of hosts in the middle", () => {
    expect(warningsOf(ovsOver(4, "topology: star"))).toMatchInlineSnapshot(`
      [
        "9:44 input, networks.apps.dataplane.hub: without vm1 the other hosts do not reach each other -> write hub: vm1 to keep it the hub when hosts join, or write topology: mesh",
      ]
    `);
    expect(warningsOf(ovsOver(4, "topology: star, hub: vm3"))).toMatchInlineSnapshot(`
      [
        "9:78 input, networks.apps.dataplane.hub: without vm3 the other hosts do not reach each other -> write topology: mesh",
      ]
    `);
    expect(warningsOf(ovsOver(4, "links: [[vm1, vm2], [vm2, vm3], [vm3, vm4]]"))).toMatchInlineSnapshot(`
      [
        "9:64 input, networks.apps.dataplane.links: each of vm2, vm3 is the only way for others -> add links, and write loops: rstp",
      ]
    `);
    expect(warningsOf(ovsOver(4, "links: [[vm1, vm2], [vm2, vm3], [vm3, vm1], [vm3, vm4]]"))).toMatchInlineSnapshot(`
      [
        "9:64 input, networks.apps.dataplane.links: without vm3 the other hosts do not reach each other -> add links",
      ]
    `);
    expect(warningsOf(ovsOver(4, "topology: ring"))).toEqual([]);
    expect(warningsOf(ovsOver(2, "topology: star"))).toEqual([]);
  });
});

describe("B37: too many links, too long a way", () => {
  it("refuses a full mesh of more than 200 hosts, and says what works", () => {
    expect(problemsOf(ovsOver(200, ""))).toEqual([]);
    expect(problemsOf(ovsOver(201, "tunnel: vxlan"))).toMatchInlineSnapshot(`
      [
        "206:44 input, networks.apps.dataplane.topology: a full mesh of 201 hosts has 20100 links; at most 19900 are supported, a full mesh of 200 hosts -> write links: { nearest: 12 }, or dataplane: vxlan, which has no links",
      ]
    `);
    expect(problemsOf(ovsOver(201, "links: { nearest: 12 }"))).toEqual([]);
    expect(problemsOf(ovsOver(1000, "topology: mesh"))).toMatchInlineSnapshot(`
      [
        "1005:67 input, networks.apps.dataplane.topology: a full mesh of 1000 hosts has 499500 links; at most 19900 are supported, a full mesh of 200 hosts -> write dataplane: vxlan, which has no links, or topology: star",
      ]
    `);
    expect(problemsOf(ovsOver(1000, "topology: star"))).toEqual([]);
    expect(problemsOf(ovsOver(1000, "links: { nearest: 40 }"))).toMatchInlineSnapshot(`
      [
        "1005:64 input, networks.apps.dataplane.links: the topology has 20000 links; at most 19900 are supported, a full mesh of 200 hosts -> write dataplane: vxlan, which has no links, or topology: star",
      ]
    `);
  });

  it("refuses a ring that is too long for a spanning tree when it is cut", () => {
    expect(problemsOf(ovsOver(20, "topology: ring"))).toEqual([]);
    expect(problemsOf(ovsOver(21, "topology: ring"))).toMatchInlineSnapshot(`
      [
        "26:67 input, networks.apps.dataplane.topology: a ring of 21 hosts has, with one link lost, a bridge diameter of 21, and a spanning tree message is dropped after 20 bridges (IEEE 802.1D-2004, 17.14) -> write links: { nearest: 4 }, or topology: mesh",
      ]
    `);
    const loop = Array.from({ length: 24 }, (_, i) => `[vm${i + 1}, vm${i + 2}]`);
    expect(problemsOf(ovsOver(26, `links: [${loop.join(", ")}, [vm25, vm1], [vm1, vm26]], loops: rstp`))).toMatchInlineSnapshot(`
      [
        "31:64 input, networks.apps.dataplane.links: without the link of vm1 and vm2 the bridge diameter is 26, and a spanning tree message is dropped after 20 bridges (IEEE 802.1D-2004, 17.14) -> write links: { nearest: 4 }, or topology: mesh",
      ]
    `);
    expect(problemsOf(ovsOver(77, "links: { nearest: 4 }"))).toMatchInlineSnapshot(`
      [
        "82:64 input, networks.apps.dataplane.links: without the link of vm1 and vm3 the bridge diameter is 21, and a spanning tree message is dropped after 20 bridges (IEEE 802.1D-2004, 17.14) -> write links: { nearest: 6 }, or topology: mesh",
      ]
    `);
    expect(problemsOf(ovsOver(77, "links: { nearest: 6 }"))).toEqual([]);
    expect(problemsOf(ovsOver(100, "links: { nearest: 4 }, loops: stp"))).toMatchInlineSnapshot(`
      [
        "105:64 input, networks.apps.dataplane.links: the bridge diameter is 26, and a spanning tree message is dropped after 20 bridges (IEEE 802.1D-2004, 17.14) -> write links: { nearest: 6 }, or topology: mesh",
      ]
    `);
    expect(problemsOf(ovsOver(100, "links: { nearest: 6 }, loops: stp"))).toEqual([]);
  });
});

it("short forms get their defaults", () => {
  expect(problemsOf(specWith({ networks: "  apps: { subnet: 10.64.0.0/12, dataplane: ovs }" }))).toEqual([]);
  expect(problemsOf(specWith({ networks: "  apps: { subnet: 10.64.0.0/12, dataplane: osv }" }))).toMatchInlineSnapshot(`
    [
      "7:44 input, networks.apps.dataplane: "osv" is not vxlan or ovs or routed or wireguard or a mapping -> write ovs",
    ]
  `);
});

it("a veth pair beside an RSTP tree, also one that is there by default", () => {
  const why = "with rstp Open vSwitch floods nothing to a port that takes no part in it, and a veth pair must take none";
  for (const fields of ["loops: rstp, join: veth", "topology: ring, join: veth"]) {
    expect(problemsOf(ovsOver(4, fields))).toEqual([
      `9:${63 + fields.indexOf("join")} input, networks.apps.dataplane.join: ${why} -> write join: internal, or loops: stp`,
    ]);
  }
  expect(problemsOf(ovsOver(4, "loops: stp, join: veth"))).toEqual([]);
});
