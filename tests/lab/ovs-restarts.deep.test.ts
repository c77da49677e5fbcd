import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { killDaemon, startHostDaemon, type DaemonName } from "../../src/lab/host/daemons.ts";
import { getLabHost, type LabHost } from "../../src/lab/lab-state.ts";
import { SHARED_LINK } from "../../src/plan/check/standing-tunnels.ts";
import { createClusterLab, footprintChanges, hostLines, type ClusterLab } from "./cluster-lab.ts";
import { dumpDatabase } from "./ovs-database.ts";
import { PATIENCE } from "./patience.ts";
import { until } from "./until.ts";

/** Open vSwitch dies, hangs and comes back on vm2, which has bridges of somebody else too. */
let cluster: ClusterLab;
let h2: LabHost;
let before: Record<string, Footprint>;
let foreign: string;

const spec = (meshKey: number): string => `
version: 1
cluster: restarts
hosts:
${hostLines(3)}
networks:
  mesh: { subnet: 10.64.0.0/16, docker: none, dataplane: { type: ovs, key: ${meshKey} } }
  ring: { subnet: 10.65.0.0/16, docker: none, dataplane: { type: ovs, tunnel: gre, topology: ring, loops: rstp } }
`;

const readForeign = async (): Promise<string> =>
  [await dumpDatabase(cluster, "vm2", "br-foreign", "spwoforeign0000"), await cluster.on("vm2", "ovs-vsctl", "get-manager")].join("\n");

beforeAll(async () => {
  cluster = await createClusterLab({ docker: "none", ovs: "auto", spec: spec(100) });
  h2 = getLabHost(cluster.lab, "h2");
  const datapath = cluster.lab.ovs === "netdev" ? "netdev" : "system";
  const create = [
    ...["--", "add-br", "br-foreign", "--", "set", "bridge", "br-foreign", `datapath_type=${datapath}`, "fail_mode=secure"],
    ...["--", "set-controller", "br-foreign", "tcp:127.0.0.1:6653"],
    ...["--", "add-port", "br-foreign", "foreign0", "tag=7", "--", "set", "interface", "foreign0", "type=internal"],
    ...["--", "add-port", "br-foreign", "foreign1", "--", "set", "interface", "foreign1", "type=vxlan"],
    ...["options:remote_ip=10.99.0.3", "options:key=999", "external_ids:owner=neutron"],
    // named as ours, without our mark
    ...["--", "add-br", "spwoforeign0000", "--", "set", "bridge", "spwoforeign0000", `datapath_type=${datapath}`],
    ...["--", "add-port", "spwoforeign0000", "spwtforeign0000", "--", "set", "interface", "spwtforeign0000", "type=gre"],
    ...["options:remote_ip=10.99.0.3", "options:key=998"],
    ...["--", "set-manager", "ptcp:6640:127.0.0.1"],
  ];
  await cluster.on("vm2", "ovs-vsctl", ...create);
  before = await cluster.footprints();
  foreign = await readForeign();
  await cluster.must("apply", "--yes");
});
afterAll(() => cluster?.down());

/** Devices of Open vSwitch's datapath in the kernel are removed and made anew, with random MACs, whenever ovs-vswitchd starts. */
function withoutMacs(line: string): string {
  const { ifname = "" } = JSON.parse(line) as { ifname?: string };
  return ifname === "ovs-system" || SHARED_LINK.test(ifname) ? line.replace(/"(address|local|mac)":"[^"]*"/g, "") : line;
}

/**
 * Without the journals, which stay as the record of what was tried, and without what Open vSwitch itself makes anew when it
 * starts: MACs of tunnels are random then, and the kernel learns a tap device's state.
 */
const lasting = (footprints: Record<string, Footprint>): Record<string, Footprint> =>
  Object.fromEntries(
    Object.entries(footprints).map(([host, footprint]) => {
      const withoutState = (line: string): string => withoutMacs(line).replace(/"operstate":"\w+",/, "");
      return [
        host,
        {
          ...footprint,
          links: footprint.links.map(withoutState),
          addresses: footprint.addresses.map(withoutState),
          fdb: footprint.fdb.map(withoutMacs),
          ovs: footprint.ovs.map((line) => line.replace(/"mac":"[^"]*",/, "")),
          stateFiles: footprint.stateFiles.filter((path) => !path.startsWith("journal/")),
        },
      ];
    }),
  );

/** Nobody did anything, and it is as the file says and measured right. */
async function expectRight(): Promise<void> {
  await until(
    async () => (await cluster.spanwire(["verify"])).stdout,
    (said) => said.includes("verified: every measured promise holds"),
    60_000 * PATIENCE,
  );
  expect(await cluster.planKeys()).toEqual({});
  expect((await cluster.must("status")).stdout).toContain("No drift");
  expect(await readForeign()).toBe(foreign);
}

test("apply leaves bridges, ports, controller and manager of others alone", () => expectRight());

describe("killed with SIGKILL and started again, the mesh is right without us", () => {
  test.for<{ name: string; daemons: DaemonName[] }>([
    { name: "ovs-vswitchd", daemons: ["ovs-vswitchd"] },
    { name: "ovsdb-server", daemons: ["ovsdb-server"] },
    { name: "both", daemons: ["ovsdb-server", "ovs-vswitchd"] },
  ])("$name", async ({ daemons }) => {
    for (const daemon of daemons) await killDaemon(cluster.lab, h2, daemon);
    for (const daemon of daemons) await startHostDaemon(cluster.lab, h2, daemon);
    await expectRight();
  });
});

test("F32: with a dead ovsdb-server plan, apply and destroy refuse in clear words, and nothing is deleted", async () => {
  const applied = await cluster.footprints();
  await killDaemon(cluster.lab, h2, "ovsdb-server");
  onTestFinished(() => startHostDaemon(cluster.lab, h2, "ovsdb-server"));
  for (const argv of [["plan"], ["apply", "--yes"], ["destroy", "--yes"]]) {
    const result = await cluster.spanwire(argv);
    expect([argv, result.exitCode, result.stderr]).toEqual([
      argv,
      1,
      expect.stringMatching(/on vm2: Open vSwitch does not answer.*database connection failed/),
    ]);
    expect(result.stderr).toMatch(/try: .*start/);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  }
  await startHostDaemon(cluster.lab, h2, "ovsdb-server");
  expect(footprintChanges(lasting(applied), lasting(await cluster.footprints()))).toEqual([]);
  await expectRight();
});

/** 20 s for ovs-vsctl to give up going on, the same for going back, and a busy machine. */
const GIVE_UP_MS = 110_000 * PATIENCE;

test("a dead ovs-vswitchd, whose database still answers: plan, status and verify say it, apply begins nothing", async () => {
  await killDaemon(cluster.lab, h2, "ovs-vswitchd");
  onTestFinished(() => startHostDaemon(cluster.lab, h2, "ovs-vswitchd"));
  const SILENT = /on vm2: ovs-vswitchd does not answer.*\n\s+try: start it/;
  for (const argv of [["plan"], ["apply", "--yes"]]) {
    const { exitCode, stderr } = await cluster.spanwire(argv);
    expect([argv, exitCode, stderr]).toEqual([argv, 1, expect.stringMatching(SILENT)]);
  }
  const status = await cluster.spanwire(["status"]);
  expect([status.exitCode, status.stdout]).toEqual([1, expect.stringMatching(SILENT)]);
  expect(status.stdout).toMatch(/vm2 .*tunnel down/);
  const verify = await cluster.spanwire(["verify"]);
  expect([verify.exitCode, verify.stdout]).toEqual([
    1,
    expect.stringMatching(/tunnels of mesh, ring on vm2: ovs-vswitchd does not answer/),
  ]);
  await startHostDaemon(cluster.lab, h2, "ovs-vswitchd");
  await expectRight();
});

test("F16: an ovs-vswitchd that hangs in the middle makes apply fail and go back, in bounded time", async () => {
  const applied = await cluster.footprints();
  await cluster.writeSpec(spec(200));
  onTestFinished(() => cluster.writeSpec(spec(100)));
  const paused = join(dirname(h2.stateDirectory), "paused");
  const applying = cluster.spanwire(["apply", "--yes"], { SPANWIRE_FAULT: "vm2/add/1=before:pause" });
  await until(async () => existsSync(paused), Boolean);
  await killDaemon(cluster.lab, h2, "ovs-vswitchd", "STOP");
  onTestFinished(() => startHostDaemon(cluster.lab, h2, "ovs-vswitchd"));
  const started = performance.now();
  await rm(paused);
  const result = await applying;
  const tookMs = Math.round(performance.now() - started);
  console.log(`apply with a hung ovs-vswitchd gave up and went back in ${tookMs} ms`);
  expect([result.exitCode, result.stderr]).toEqual([1, expect.stringMatching(/vm2: .*ovs-vswitchd did not follow within \d+ s/)]);
  expect(tookMs).toBeLessThan(GIVE_UP_MS);
  await startHostDaemon(cluster.lab, h2, "ovs-vswitchd");
  await cluster.writeSpec(spec(100));
  await expectRight();
  expect(footprintChanges(lasting(applied), lasting(await cluster.footprints()))).toEqual([]);
});

test("destroy takes what is ours, and nothing of others'", async () => {
  await cluster.must("destroy", "--yes");
  expect(await readForeign()).toBe(foreign);
  expect(footprintChanges(lasting(before), lasting(await cluster.footprints()))).toEqual([]);
});
