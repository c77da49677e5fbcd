import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { HostPlan } from "../../src/model/plan.ts";
import { createClusterLab, hostLines, type ClusterLab } from "./cluster-lab.ts";
import { findBridge } from "./find-bridge.ts";
import { readInterfaces } from "./ovs-database.ts";
import { PATIENCE } from "./patience.ts";
import { startMember, type Member } from "./start-member.ts";
import { watchBroadcasts, watchPings } from "./traffic-watch.ts";

/** One change of a network in use after the other, under pings and broadcasts: each test begins where the one before ended. */
let cluster: ClusterLab;
let members: Member[] = [];

// a change is a whole apply with its verification, and a busy machine takes a minute for it
vi.setConfig({ testTimeout: 600_000 * PATIENCE });

const HOSTS = ["vm1", "vm2", "vm3", "vm4"];
const spec = (dataplane: string): string => `
version: 1
cluster: changes
hosts:
${hostLines(HOSTS.length)}
networks:
  apps: { subnet: 10.64.0.0/16, docker: none, dataplane: ${dataplane} }
`;
const MESH = "{ type: ovs, tunnel: vxlan, key: 100 }";

beforeAll(async () => {
  cluster = await createClusterLab({ docker: "none", ovs: "auto", hosts: HOSTS.length, spec: spec(MESH) });
  await cluster.must("apply", "--yes");
  const bridge = await findBridge(cluster, "apps");
  const { slices } = (await cluster.readLock()).networks["apps"]!;
  for (const host of HOSTS) {
    const cidr = slices[host]!.replace(/\.\d+\/\d+$/, ".77/16");
    members.push(await startMember(cluster, host, { bridge, cidr }));
  }
  await cluster.must("verify");
});
afterAll(() => cluster?.down());

/**
 * Measured on an idle machine: nothing lost, or a frame that met a host in the microseconds in which its two ports change
 * places. A busy machine starves Open vSwitch's userspace datapath of some more. The bound is what no TCP connection notices:
 * its shortest retransmission timeout (TCP_RTO_MIN in include/net/tcp.h).
 */
const LONGEST_GAP_MS = 200 * PATIENCE;

/** The new way is added where it hears and does not flood, takes over, and only after the confirm the old one goes. */
function expectMakeBeforeBreak({ host, steps }: HostPlan): void {
  const way = steps.filter((step) => [step.before, step.after].some((side) => side?.kind === "ovs-join" || side?.kind === "vxlan"));
  const flooding = (side: (typeof way)[number]["after"]): boolean | null => (side !== null && "flooding" in side ? side.flooding : null);
  expect([host, way.map(({ stage, action, before, after }) => [stage, action, flooding(before), flooding(after)])]).toEqual([
    host,
    [
      ["add", "add", null, false],
      ["switch", "change", true, false],
      ["switch", "change", false, true],
      ...(way.some(({ stage }) => stage === "remove") ? [["remove", "remove", false, null]] : []), // else it goes with its OVS bridge
    ],
  ]);
  const early = steps.filter(({ stage, action, key }) => stage !== "remove" && action === "remove" && !key.startsWith("neighbours/"));
  expect(early.map(({ key }) => key)).toEqual([]);
}

async function changeInUse(name: string, dataplane: string): Promise<void> {
  const [one, ...others] = members as [Member, ...Member[]];
  await cluster.writeSpec(spec(dataplane));
  const { hosts } = await cluster.plan();
  expect(hosts.map(({ host }) => host)).toEqual(HOSTS);
  for (const host of hosts) expectMakeBeforeBreak(host);
  const pings = watchPings(one.pid, others[1]!.address);
  const back = watchPings(others[2]!.pid, one.address);
  const broadcasts = await watchBroadcasts({ pid: one.pid, broadcast: "10.64.255.255" }, others);
  const applied = await cluster.spanwire(["apply", "--yes"]);
  const counted = await broadcasts.stop();
  const pinged = [await pings.stop(), await back.stop()];
  console.log(`${name}: ${JSON.stringify({ pinged, counted })}`);
  expect([applied.exitCode, applied.stdout, applied.exitCode === 0 ? "" : applied.stderr]).toEqual([0, "Done: vm1, vm2, vm3, vm4.\n", ""]);
  expect(counted.sent).toBeGreaterThan(200);
  for (const { copies, distinct, longestGapMs } of counted.received) {
    expect(copies).toBe(distinct);
    expect(longestGapMs).toBeLessThanOrEqual(LONGEST_GAP_MS);
  }
  for (const { sent, duplicates, longestGapMs } of pinged) {
    expect(sent).toBeGreaterThan(100);
    expect(duplicates).toBe(0);
    expect(longestGapMs).toBeLessThanOrEqual(LONGEST_GAP_MS);
  }
  expect(await cluster.planKeys()).toEqual({});
  expect((await cluster.must("verify")).stdout).toContain("verified: every measured promise holds");
}

const tunnelsOf = async (host: string): Promise<string[]> =>
  (await readInterfaces(cluster, host))
    .flatMap(({ type, options }) => (options["remote_ip"] === undefined ? [] : [`${type} ${options["remote_ip"]} ${options["key"] ?? ""}`]))
    .sort();

test("another key", async () => {
  await changeInUse("another key", "{ type: ovs, tunnel: vxlan, key: 200 }");
  expect(await tunnelsOf("vm1")).toEqual(["vxlan 10.99.0.2 200", "vxlan 10.99.0.3 200", "vxlan 10.99.0.4 200"]);
});

test("another tunnel type: VXLAN to GRE to Geneve", async () => {
  await changeInUse("VXLAN to GRE", "{ type: ovs, tunnel: gre, key: 300 }");
  expect(await tunnelsOf("vm1")).toEqual(["gre 10.99.0.2 300", "gre 10.99.0.3 300", "gre 10.99.0.4 300"]);
  await changeInUse("GRE to Geneve", "{ type: ovs, tunnel: geneve, key: 400 }");
  expect(await tunnelsOf("vm1")).toEqual(["geneve 10.99.0.2 400", "geneve 10.99.0.3 400", "geneve 10.99.0.4 400"]);
});

test("another topology: mesh with split horizon to a ring with RSTP, and back", async () => {
  await changeInUse("mesh to ring", "{ type: ovs, tunnel: geneve, topology: ring, loops: rstp }");
  expect((await tunnelsOf("vm1")).map((tunnel) => tunnel.split(" ")[1])).toEqual(["10.99.0.2", "10.99.0.4"]);
  expect((await cluster.must("status")).stdout).toContain("blocked (in reserve)");
  await changeInUse("ring to mesh", "{ type: ovs, tunnel: geneve, topology: mesh, loops: split-horizon }");
  expect((await tunnelsOf("vm1")).map((tunnel) => tunnel.split(" ")[1])).toEqual(["10.99.0.2", "10.99.0.3", "10.99.0.4"]);
});

test("another data plane: Open vSwitch to kernel VXLAN, and back", async () => {
  await changeInUse("Open vSwitch to kernel VXLAN", "vxlan");
  expect(await tunnelsOf("vm1")).toEqual([]);
  await changeInUse("kernel VXLAN to Open vSwitch", MESH);
  expect(await tunnelsOf("vm1")).toEqual(["vxlan 10.99.0.2 100", "vxlan 10.99.0.3 100", "vxlan 10.99.0.4 100"]);
});
