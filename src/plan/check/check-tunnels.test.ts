import { expect, test } from "vitest";
import type { OvsShape } from "../../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet, type FakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { addLink } from "../../../tests/fake/kernel-model.ts";
import { PLAIN, problemsOf, toCluster } from "../../../tests/fake/plan-case.ts";
import { newPort } from "../../../tests/fake/run-ovs.ts";
import type { OvsSpec } from "../../dataplanes/ovs/spec.ts";
import type { VxlanSpec } from "../../dataplanes/vxlan/schema.ts";
import type { Cluster } from "../../model/cluster.ts";
import { formatProblem } from "../../model/problem.ts";

const lines = async (promise: Promise<unknown>): Promise<string[]> => (await problemsOf(promise)).map(formatProblem);
const OVS: OvsShape = { tunnel: "vxlan", topology: "mesh", tree: "stp", splitHorizon: true };
const [H1, H2, STRANGER] = ["192.0.2.9", "192.0.2.18", "203.0.113.7"];

/** Hosts h1 and h2, and network n1. */
const clusterOf = (ovs?: OvsShape, change: Partial<OvsSpec | VxlanSpec> = {}): Cluster => {
  const cluster = toCluster({ hosts: [1, 2], networks: { 1: { ...PLAIN, ...(ovs === undefined ? {} : { ovs, mtu: 1400 }) } } });
  return {
    ...cluster,
    networks: cluster.networks.map((network) => ({ ...network, dataplane: { ...network.dataplane, ...change } })),
  };
};

function addOvsTunnel(fleet: FakeFleet, name: string, type: string, options: Record<string, string>, host = "h1"): void {
  const { ovs } = fleet.hosts.get(host)!;
  ovs.bridges.set("br-tun", { name: "br-tun", datapath: "system", failMode: "", stp: false, rstp: false, otherConfig: {}, mark: "" });
  ovs.ports.set(name, { ...newPort("br-tun", name), type, options });
}

function addVxlan(fleet: FakeFleet, name: string, port: number, remotes: readonly string[]): void {
  const { kernel } = fleet.hosts.get("h1")!;
  const vxlan = { vni: 1, port, local: "", learning: true, df: "unset", ttl: 0, remote: "" };
  addLink(kernel, { name, kind: "vxlan", vxlan });
  kernel.fdb.push(...remotes.map((destination) => ({ device: name, mac: "00:00:00:00:00:00", destination, state: "permanent" })));
}

const silenced = (name: string, packets: string, from: string, way: string): string =>
  `protecting the tunnels of network n1 on h1: ${name}, which is not ours, takes ${packets} from ${from}, and our firewall table would drop what no other host of these networks sent\n  try: ${way} under dataplane, or take ${name} away`;

test("foreign Open vSwitch tunnels that our firewall table would silence", async () => {
  const cluster = clusterOf({ ...OVS, tunnel: "gre" });
  const fleet = createFakeFleet(cluster.hosts);
  addOvsTunnel(fleet, "gre-far", "gre", { remote_ip: STRANGER, key: "9" });
  addOvsTunnel(fleet, "gre-flow", "erspan", { remote_ip: "flow" });
  addOvsTunnel(fleet, "gre-near", "gre", { remote_ip: H2, key: "9" });
  addOvsTunnel(fleet, "vx-far", "vxlan", { remote_ip: STRANGER });
  const gre = "use tunnel: vxlan or geneve";
  expect(await lines(fleet.plan(cluster))).toEqual([
    silenced("gre-far", "GRE packets", STRANGER, gre),
    silenced("gre-flow", "GRE packets", "any address", gre),
  ]);
  expect(await lines(fleet.plan(clusterOf(OVS, { port: 4789 })))).toEqual([
    silenced("vx-far", "packets on UDP port 4789", STRANGER, "set another port"),
  ]);
  expect((await fleet.plan(clusterOf(OVS))).hosts).toHaveLength(2);
});

test("foreign GRE links of the kernel, but not those that it or Open vSwitch makes for itself", async () => {
  const cluster = clusterOf({ ...OVS, tunnel: "gre" });
  const fleet = createFakeFleet(cluster.hosts);
  const { kernel } = fleet.hosts.get("h1")!;
  addLink(kernel, { name: "gre0", kind: "gre", tunnel: { remote: "" } });
  addLink(kernel, { name: "gre_sys", kind: "gretap", tunnel: { remote: "" } });
  addLink(kernel, { name: "gnv-external", kind: "geneve", tunnel: { remote: "" } });
  addLink(kernel, { name: "near", kind: "gretap", tunnel: { remote: H2 } });
  expect((await fleet.plan(cluster)).hosts).toHaveLength(2);
  addLink(kernel, { name: "far6", kind: "ip6gre", tunnel: { remote: "2001:db8::7" } });
  addLink(kernel, { name: "mine", kind: "gretap", tunnel: { remote: H1 } });
  addLink(kernel, { name: "open", kind: "gretap", tunnel: { remote: "" } });
  const gre = "use tunnel: vxlan or geneve";
  expect(await lines(fleet.plan(cluster))).toEqual([
    silenced("far6", "GRE packets", "2001:db8::7", gre),
    silenced("mine", "GRE packets", H1, gre),
    silenced("open", "GRE packets", "any address", gre),
  ]);
});

test("a foreign VXLAN device on our port: fine to members, silenced with others, or with nobody named", async () => {
  const cluster = clusterOf();
  const among = createFakeFleet(cluster.hosts);
  addVxlan(among, "flannel.1", 8472, [H2]);
  expect((await among.plan(cluster)).hosts).toHaveLength(2);
  const beyond = createFakeFleet(cluster.hosts);
  addVxlan(beyond, "flannel.1", 8472, [H2, STRANGER]);
  expect(await lines(beyond.plan(cluster))).toEqual([silenced("flannel.1", "packets on UDP port 8472", STRANGER, "set another port")]);
  const open = createFakeFleet(cluster.hosts);
  addVxlan(open, "cilium_vxlan", 8472, []);
  expect(await lines(open.plan(cluster))).toEqual([
    silenced("cilium_vxlan", "packets on UDP port 8472", "any address", "set another port"),
  ]);
  expect((await open.plan(clusterOf(undefined, { port: 8473 }))).hosts).toHaveLength(2);
});

test("a foreign tunnel that came after ours stops no plan, but losing the member it leads to does", async () => {
  const three = toCluster({ hosts: [1, 2, 3], networks: { 1: PLAIN } });
  const fleet = createFakeFleet(three.hosts);
  const first = await fleet.plan(three);
  expect((await fleet.apply(first)).outcome).toBe("applied");
  addVxlan(fleet, "flannel.1", 8472, [STRANGER, "192.0.2.27"]);
  expect((await fleet.plan(three, first.lock!)).hosts.every(({ steps }) => steps.length === 0)).toBe(true);
  const two = toCluster({ hosts: [1, 2], networks: { 1: PLAIN } });
  expect(await lines(fleet.plan(two, first.lock!))).toEqual([
    silenced("flannel.1", "packets on UDP port 8472", "192.0.2.27", "set another port"),
  ]);
});

const handedOver: readonly [string, Cluster, Cluster, string][] = [
  ["Open vSwitch to the kernel", clusterOf(OVS, { port: 4789 }), clusterOf(undefined, { port: 4789 }), "VXLAN of Open vSwitch"],
  ["the kernel to Open vSwitch", clusterOf(undefined, { port: 4789 }), clusterOf(OVS, { port: 4789 }), "kernel VXLAN"],
  ["VXLAN to Geneve", clusterOf(OVS, { port: 5000 }), clusterOf({ ...OVS, tunnel: "geneve" }, { port: 5000 }), "VXLAN of Open vSwitch"],
];

test.each(handedOver)("a UDP port handed over in one edit: %s", async (_name, before, after, holder) => {
  const fleet = createFakeFleet(before.hosts);
  const first = await fleet.plan({ ...before, networks: before.networks.map((network) => ({ ...network, mtu: { bytes: 1400 } })) });
  expect((await fleet.apply(first)).outcome).toBe("applied");
  const edited = { ...after, networks: after.networks.map((network) => ({ ...network, mtu: { bytes: 1400 } })) };
  const problems = await problemsOf(fleet.plan(edited, first.lock!));
  expect(problems.map(({ where }) => where)).toEqual(["h1", "h2"]);
  for (const { why, try: way } of problems) {
    expect(why).toMatch(new RegExp(`^${holder} of this cluster has UDP port \\d+ until the change is over, and .+ cannot share it$`));
    expect(way).toBe("set another port under dataplane, or apply the removal first and the addition afterwards");
  }
});

test("a network that goes hands its UDP port to no other receiver", async () => {
  const before = clusterOf(OVS, { port: 4789 });
  const fleet = createFakeFleet(before.hosts);
  const first = await fleet.plan(before);
  expect((await fleet.apply(first)).outcome).toBe("applied");
  const after = toCluster({ hosts: [1, 2], networks: { 2: { ...PLAIN, port: 4789 } } });
  expect((await lines(fleet.plan(after, first.lock!)))[0]).toMatch(
    /^preparing the tunnel of network n2 on h1: VXLAN of Open vSwitch of this cluster has UDP port 4789 until the change is over, and kernel VXLAN cannot share it\n/,
  );
});

test("a UDP port that a foreign tunnel of another receiver has: only another port helps", async () => {
  const taken = (port: number, name: string): string =>
    `preparing the tunnel of network n1 on h1: UDP port ${port} is taken by ${name}, which is not ours\n  try: set another port under dataplane`;
  const fleet = createFakeFleet(clusterOf().hosts);
  addOvsTunnel(fleet, "vx-near", "vxlan", { remote_ip: H2, dst_port: "8472", key: "3" });
  expect(await lines(fleet.plan(clusterOf()))).toEqual([taken(8472, "vx-near")]);
  addVxlan(fleet, "vx0", 4790, []);
  expect(await lines(fleet.plan(clusterOf(OVS)))).toEqual([taken(4790, "vx0")]);
  addLink(fleet.hosts.get("h1")!.kernel, { name: "gnv0", kind: "geneve", tunnel: { remote: H2, port: 6081 } });
  expect(await lines(fleet.plan(clusterOf({ ...OVS, tunnel: "geneve" })))).toEqual([taken(6081, "gnv0")]);
});
