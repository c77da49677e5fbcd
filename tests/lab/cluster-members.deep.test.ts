import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import type { Step } from "../../src/model/step.ts";
import { createClusterLab, footprintChanges, hostLines, type ClusterLab, type Container } from "./cluster-lab.ts";
import { watchBroadcasts, watchPings } from "./traffic-watch.ts";

/** From the old device's last frame to the new one's first: two lines of one `ip -batch`, on a machine with more to do. */
const LONGEST_GAP_MS = 50;

/** Hosts come and go, the lock is lost, the port moves: each test begins where the one before ended. */
let cluster: ClusterLab;
let three: Record<string, Footprint>;
let empty: Footprint;

const spec = (hosts: number, port = 8472): string => `
version: 1
cluster: members
hosts:
${hostLines(hosts)}
networks:
  apps: { subnet: 10.64.0.0/22, addressing: { slicePrefix: 26 }, dataplane: { type: vxlan, port: ${port} } }
  data: { subnet: 10.80.0.0/22, addressing: { slicePrefix: 26 } }
`;

/** The host program's own records are no part of what a host does. */
const withoutState = (footprint: Footprint): Footprint => ({ ...footprint, stateFiles: [] });
const readFootprints = async (): Promise<Record<string, Footprint>> =>
  Object.fromEntries(Object.entries(await cluster.footprints()).map(([host, footprint]) => [host, withoutState(footprint)]));
const only = (footprints: Record<string, Footprint>, ...hosts: string[]): Record<string, Footprint> =>
  Object.fromEntries(hosts.map((host) => [host, footprints[host]!]));

beforeAll(async () => {
  cluster = await createClusterLab({ docker: "host", hosts: 4, spec: spec(3) });
  empty = (await cluster.footprints())["vm4"]!;
  await cluster.must("apply", "--yes");
  three = await readFootprints();
});
afterAll(() => cluster?.down());

/** A step that only adds the new host to what is there. */
function isAdditive({ stage, before, after, differences }: Step): boolean {
  if (stage === "remove" || before === null || after === null) return false;
  if (before.kind === "flood-list" && after.kind === "flood-list") {
    const have = before.remotes;
    return after.remotes.length === have.length + 1 && have.every((remote) => after.remotes.includes(remote));
  }
  if (before.kind === "neighbours" && after.kind === "neighbours") {
    const kept = new Set(after.entries.map((entry) => JSON.stringify(entry)));
    return after.entries.length === before.entries.length + 1 && before.entries.every((entry) => kept.has(JSON.stringify(entry)));
  }
  return (
    before.kind === "nft-table" &&
    differences.every(
      ({ field, from, to }) => field === "hosts whose tunnel packets are let in" && from === "without 10.99.0.4" && to === "with 10.99.0.4",
    )
  );
}

test("a fourth host: only additive steps on the other three, and nothing of theirs moves", async () => {
  const before = await cluster.readLock();
  await cluster.writeSpec(spec(4));
  const { hosts } = await cluster.plan();
  const old = hosts.filter(({ host }) => host !== "vm4");
  expect(old.map(({ host, steps }) => [host, steps.length])).toEqual([
    ["vm1", 5],
    ["vm2", 5],
    ["vm3", 5],
  ]);
  expect(
    old.flatMap(({ host, steps }) => steps.filter((step) => !isAdditive(step)).map((step) => `${host} ${step.action} ${step.key}`)),
  ).toEqual([]);
  await cluster.must("apply", "--yes");
  const after = await cluster.readLock();
  expect(after.hosts["vm4"]).toMatchObject({ index: 4, address: "10.99.0.4" });
  const { vm4: _, ...others } = after.hosts;
  expect(others).toEqual(before.hosts);
  for (const [name, network] of Object.entries(after.networks)) {
    const { vm4, ...slices } = network.slices;
    expect(vm4).toMatch(/^10\.(64|80)\.1\.0\/26$/);
    expect({ ...network, slices }).toEqual(before.networks[name]);
  }
  const now = await readFootprints();
  for (const host of ["vm1", "vm2", "vm3"]) {
    expect(now[host]!.links).toEqual(three[host]!.links);
    expect(now[host]!.addresses).toEqual(three[host]!.addresses);
    expect(now[host]!.networks).toEqual(three[host]!.networks);
  }
  const report = JSON.parse((await cluster.must("verify", "--json")).stdout) as { ok: boolean; networks: { pairs: unknown[] }[] };
  expect([report.ok, report.networks.map(({ pairs }) => pairs.length)]).toEqual([true, [12, 12]]);
});

test("it leaves the file: nothing of ours is left on it, the others forget it, its tombstone goes", async () => {
  const before = await cluster.readLock();
  await cluster.writeSpec(spec(3));
  expect((await cluster.must("plan")).stdout).toContain("on vm4 (leaves)");
  await cluster.must("apply", "--yes");
  const now = await cluster.footprints();
  expect(footprintChanges({ vm4: empty }, now)).toEqual([]);
  expect(footprintChanges(only(three, "vm1", "vm2", "vm3"), await readFootprints())).toEqual([]);
  const lock = await cluster.readLock();
  expect(lock.removedHosts).toEqual({});
  expect(Object.keys(lock.hosts)).toEqual(["vm1", "vm2", "vm3"]);
  for (const network of Object.values(lock.networks)) expect(Object.keys(network.slices)).toEqual(["vm1", "vm2", "vm3"]);
  expect(lock.uuid).toBe(before.uuid);
  expect(await cluster.planKeys()).toEqual({});
});

/** The lab forgets that it has a fourth host, so there is no way to it. */
async function hideFourth(act: () => Promise<void>): Promise<void> {
  const path = `/run/spanwire-lab/${cluster.lab.runId}/lab.json`;
  const text = await readFile(path, "utf8");
  const state = JSON.parse(text) as { hosts: { name: string }[] };
  await writeFile(path, JSON.stringify({ ...state, hosts: state.hosts.filter(({ name }) => name !== "h4") }));
  await act().finally(() => writeFile(path, text));
}

test("it leaves while it cannot be reached: the others go on, the tombstone stays until it was cleaned", async () => {
  await cluster.writeSpec(spec(4));
  await cluster.must("apply", "--yes");
  await cluster.writeSpec(spec(3));
  await hideFourth(async () => {
    const applied = await cluster.must("apply", "--yes");
    expect(applied.stderr).toMatch(/warning: .*a lab host with the address 10\.99\.0\.4 on vm4/);
    expect(applied.stdout).toBe("Done: vm1, vm2, vm3.\n");
    expect(Object.keys((await cluster.readLock()).removedHosts)).toEqual(["vm4"]);
    expect(footprintChanges(only(three, "vm1", "vm2", "vm3"), await readFootprints())).toEqual([]);
  });
  expect(Object.keys(await cluster.planKeys())).toEqual(["vm4"]);
  expect((await cluster.must("apply", "--yes")).stdout).toBe("Done: vm4.\n");
  expect(footprintChanges({ vm4: empty }, await cluster.footprints())).toEqual([]);
  expect((await cluster.readLock()).removedHosts).toEqual({});
});

test("a lost lock: no change is planned, and apply writes the same lock again", async () => {
  const lock = await readFile(cluster.lockPath, "utf8");
  await rm(cluster.lockPath);
  const plan = await cluster.spanwire(["plan", "--detailed-exitcode"]);
  expect([plan.exitCode, plan.stdout]).toEqual([0, expect.stringContaining("Nothing to do")]);
  expect(existsSync(cluster.lockPath)).toBe(false);
  await cluster.must("verify");
  expect((await cluster.must("apply", "--yes")).stdout).toContain("Nothing to do");
  expect(await readFile(cluster.lockPath, "utf8")).toBe(lock);
});

test("another port under traffic: one copy of every broadcast, no gap a person would see, the old device goes", async () => {
  const containers: Container[] = [];
  for (const host of ["vm1", "vm2", "vm3"]) containers.push(await cluster.startContainer(host, `c-${host}`, "apps"));
  const [one, two, last] = containers as [Container, Container, Container];
  await cluster.must("verify", "--containers"); // everybody knows everybody
  const pings = watchPings(one.pid, last.address);
  const broadcasts = await watchBroadcasts({ pid: one.pid, broadcast: "10.64.3.255" }, [two, last]);
  await cluster.writeSpec(spec(3, 8480));
  const plan = await cluster.plan();
  expect(
    new Set(plan.hosts.flatMap(({ steps }) => steps.filter((step) => step.after?.kind === "docker-network").map((step) => step.key))),
  ).toEqual(new Set());
  expect((await cluster.must("apply", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  const counted = await broadcasts.stop();
  const pinged = await pings.stop();
  console.log(`port change under traffic: ${JSON.stringify({ pinged, counted })}`);
  expect(counted.sent).toBeGreaterThan(200);
  for (const { copies, distinct, longestGapMs } of counted.received) {
    expect(copies).toBe(distinct); // never two of one
    expect(longestGapMs).toBeLessThanOrEqual(LONGEST_GAP_MS);
  }
  expect(pinged.sent).toBeGreaterThan(100);
  expect(pinged.duplicates).toBe(0);
  expect(pinged.longestGapMs).toBeLessThanOrEqual(LONGEST_GAP_MS);
  for (const host of ["vm1", "vm2", "vm3"]) {
    const tunnels = JSON.parse(await cluster.on(host, "ip", "-d", "-j", "link", "show", "type", "vxlan")) as {
      linkinfo: { info_data: { port: number } };
    }[];
    expect(tunnels.map((link) => link.linkinfo.info_data.port).sort()).toEqual([8472, 8480]); // data's and the new one
  }
  expect(await cluster.planKeys()).toEqual({});
  expect((await cluster.must("verify", "--containers")).stdout).toContain("verified: every measured promise holds");
});
