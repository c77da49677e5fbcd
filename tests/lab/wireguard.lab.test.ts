import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { namespacePath } from "../../src/lab/lab-names.ts";
import { findSource, startCapture } from "./capture.ts";
import { createClusterLab, footprintChanges, type ClusterLab, type Container } from "./cluster-lab.ts";
import { createTraffic, type Traffic } from "./container-traffic.ts";
import { until } from "./until.ts";

/**
 * examples/wireguard.yaml on real Docker daemons, each test from where the one before ended. This machine's kernel may have no
 * WireGuard, so wireguard-go carries the packets here; the kernel's own is met by the vm tier.
 */
const HOSTS = ["vm1", "vm2", "vm3"] as const;
let cluster: ClusterLab;
let traffic: Traffic;
let example: string;
let before: Record<string, Footprint>;
let containers: Container[];

beforeAll(async () => {
  const written = await readFile("examples/wireguard.yaml", "utf8");
  example = written.replace("dataplane: wireguard", "dataplane: { type: wireguard, implementation: wireguard-go }");
  cluster = await createClusterLab({ docker: "host", spec: example });
  traffic = createTraffic(cluster);
  before = await cluster.footprints();
});
afterAll(() => cluster?.down());

/** Not `wg show interfaces`: wireguard-go's sockets are in one folder for all lab hosts. */
const deviceOf = async (host: string): Promise<string> => /spwg\w+/.exec(await cluster.on(host, "ip", "-brief", "link"))![0];
const privateKeys = async (): Promise<string[]> =>
  Promise.all(HOSTS.map(async (host) => (await cluster.on(host, "wg", "show", await deviceOf(host), "private-key")).trim()));

/** What crosses the wire between hosts while `act` runs: how many frames in all, and how many show an address of a member. */
async function watchWire(act: () => Promise<unknown>): Promise<{ frames: number; inClear: number; encrypted: number }> {
  const capture = await startCapture(namespacePath(cluster.lab.hosts[0]!.namespace), "eth0");
  await act();
  const frames = await capture.stop();
  const isClear = (frame: Buffer): boolean => findSource(frame)?.startsWith("10.64.") === true;
  const isWireguard = (frame: Buffer): boolean => frame.length > 42 && frame.readUInt16BE(36) === 51_840;
  return { frames: frames.length, inClear: frames.filter(isClear).length, encrypted: frames.filter(isWireguard).length };
}

test("apply and verify: every pair of hosts, 60 bytes less than the underlay, and nothing to do afterwards", async () => {
  expect((await cluster.must("apply", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  expect((await cluster.must("apply", "--yes")).stdout).toContain("Nothing to do");
  const { stdout } = await cluster.must("verify");
  expect(stdout).toContain("apps  6 of 6 pairs ok, 1440 bytes without fragments");
  expect(stdout).toContain("verified: every measured promise holds");
  const status = (await cluster.must("status")).stdout;
  expect(status).toContain("No drift");
  expect(status).toMatch(/vm2 forwarding.*vm3 forwarding/);
});

test("private keys stay on their hosts: in a file for root alone, in no plan, lock, journal or log", async () => {
  const keys = await privateKeys();
  expect(new Set(keys).size).toBe(3);
  const { uuid } = await cluster.readLock();
  for (const [index, host] of HOSTS.entries()) {
    const folder = cluster.lab.hosts[index]!.stateDirectory;
    const found = (await cluster.exec(host, "grep", "-rlF", keys[index]!, folder, cluster.directory)).stdout.trim();
    expect(found).toMatch(new RegExp(`^${folder}/keys/${uuid}/[A-Za-z0-9_-]+\\.wireguard$`)); // and no second line
    expect(await cluster.on(host, "cat", found)).toBe(`${keys[index]}\n`);
    expect(await cluster.on(host, "stat", "-c", "%a %U", found)).toBe("600 root\n");
  }
  expect(JSON.stringify(await cluster.readLock())).toContain("wireguard-key");
});

test("members see each other's real address, with packets of the full size, and the wire shows none of them", async () => {
  containers = await Promise.all(HOSTS.map((host) => cluster.startContainer(host, `c-${host}`, "apps", "--restart", "always")));
  const [one, two, three] = containers as [Container, Container, Container];
  expect(await traffic.findPeerAddress(one, three)).toBe(one.address);
  const seen = await watchWire(async () => {
    expect(await traffic.pingSized(one, three.address, 1440)).toBe(true);
    const { sent, received } = await traffic.transfer(one, two, 1_000_000);
    expect(received).toBe(sent);
  });
  expect(seen.inClear).toBe(0);
  expect(seen.encrypted).toBeGreaterThan(700); // a million bytes in packets of at most 1,440
  await cluster.on("vm2", "ping", "-c1", "-W2", three.address);
  expect((await cluster.must("verify", "--containers")).stdout).toContain("between 3 running containers");
});

test("without its device a host sends nothing in the clear, status and verify say so, and apply puts it back", async () => {
  const [one, , three] = containers as [Container, Container, Container];
  await cluster.on("vm1", "ip", "link", "del", await deviceOf("vm1"));
  // somebody's route past it: the firewall is what keeps members' packets off the wire
  await cluster.on("vm1", "ip", "route", "add", "10.64.0.0/16", "via", "10.99.0.3");
  const ping = (): Promise<boolean> => traffic.pingSized(one, three.address, 100);
  const seen = await watchWire(ping);
  const chain = /inside_out_spwb\w+/.exec(await cluster.on("vm1", "nft", "list", "ruleset"))![0];
  const table = /inet (spanwire_\w+)/.exec(await cluster.on("vm1", "nft", "list", "tables"))![1]!;
  await cluster.on("vm1", "nft", "flush", "chain", "inet", table, chain);
  const unguarded = await watchWire(ping);
  await cluster.on("vm1", "ip", "route", "del", "10.64.0.0/16", "via", "10.99.0.3");
  expect(seen.inClear).toBe(0);
  expect(unguarded.inClear).toBeGreaterThan(0); // so the look would have found them
  expect((await cluster.spanwire(["verify"])).exitCode).toBe(1);
  expect((await cluster.spanwire(["status"])).stdout).toContain("vm1: WireGuard tunnel of apps: missing");
  expect(Object.keys(await cluster.planKeys())).toEqual(["vm1"]);
  await cluster.must("apply", "--yes");
  expect(await cluster.planKeys()).toEqual({});
  await cluster.must("verify");
});

test("F33: a host loses power; device, key, routes and containers come back, nobody helps", async () => {
  await cluster.must("lab", "reboot", "h2", "--run", cluster.lab.runId);
  const format = "{{.State.Pid}}";
  const read = async (): Promise<number> => Number(await cluster.on("vm2", "docker", "inspect", "-f", format, "c-vm2"));
  containers[1] = { ...containers[1]!, pid: await until(read, (found) => found > 0, 60_000) };
  expect(await cluster.planKeys()).toEqual({});
  // the first packet comes from the side that still has the old keys
  expect(await traffic.ping(containers[0]!, containers[1].address)).toBe(true);
  expect(await traffic.findPeerAddress(containers[0]!, containers[1])).toBe(containers[0]!.address);
});

test("destroy leaves nothing: no device, no process, no key", async () => {
  for (const { host, name } of containers) await cluster.on(host, "docker", "rm", "-f", name);
  const devices = await Promise.all(HOSTS.map(deviceOf));
  await cluster.must("destroy", "--yes");
  const isDockers = (line: string): boolean => /docker0|"Name":"bridge"/.test(line) && !line.includes("forwarding");
  expect(footprintChanges(before, await cluster.footprints()).filter((line) => !isDockers(line))).toEqual([]);
  for (const device of devices) expect((await cluster.exec("vm1", "ls", `/var/run/wireguard/${device}.sock`)).exitCode).not.toBe(0);
});
