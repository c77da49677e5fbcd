import { afterAll, beforeAll, expect, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { createClusterLab, footprintChanges, hostLines, type ClusterLab, type Container } from "./cluster-lab.ts";
import { createTraffic } from "./container-traffic.ts";
import { watchBroadcasts, watchPings } from "./traffic-watch.ts";

/**
 * An OVS bridge joined by a veth pair, on the userspace datapath where both of its traps bite: packets without their
 * checksum, and a port that takes part in the spanning tree unless told otherwise.
 */
const BULK_BYTES = 20_000_000;

const spec = (join: string): string => `
version: 1
cluster: pair
hosts:
${hostLines(2)}
networks:
  apps:
    subnet: 10.64.0.0/22
    addressing: { slicePrefix: 26 }
    dataplane: { type: ovs, join: ${join} }
`;

let cluster: ClusterLab;
let before: Record<string, Footprint>;
let web: Container;
let db: Container;

beforeAll(async () => {
  cluster = await createClusterLab({ hosts: 2, docker: "host", ovs: "netdev", spec: spec("veth") });
  before = await cluster.footprints();
  await cluster.must("apply", "--yes");
  web = await cluster.startContainer("vm1", "web", "apps");
  db = await cluster.startContainer("vm2", "db", "apps");
});
afterAll(() => cluster?.down());

/** The end in the Linux bridge; the name is the same on every host. */
async function findPair(host: string): Promise<string> {
  const links = JSON.parse(await cluster.on(host, "ip", "-j", "link", "show", "type", "veth")) as { ifname: string }[];
  return links.find((link) => link.ifname.startsWith("spwy"))!.ifname;
}

const readOffload = async (host: string, device: string): Promise<string | undefined> =>
  /^tx-checksumming: (\w+)/m.exec(await cluster.on(host, "ethtool", "-k", device))?.[1];

async function expectBulk(): Promise<void> {
  for (const [from, to] of [[web, db] as const, [db, web] as const]) {
    const { sent, received } = await createTraffic(cluster).transfer(from, to, BULK_BYTES);
    expect(received).toBe(sent);
  }
}

test("every promise holds, and bulk TCP arrives as it was sent, both ways", async () => {
  expect((await cluster.must("verify", "--containers")).stdout).toContain("verified: every measured promise holds");
  await expectBulk();
});

test("checksum offload that somebody switched on stops TCP but no ping; it is found and repaired", async () => {
  const pair = await findPair("vm1");
  await cluster.on("vm1", "ethtool", "-K", pair, "tx", "on");
  const traffic = createTraffic(cluster);
  expect(await traffic.ping(web, db.address)).toBe(true);
  expect((await cluster.exec("vm2", "docker", "exec", "-d", "db", "nc", "-l", "-p", "9001", "-e", "true")).exitCode).toBe(0);
  expect((await cluster.exec("vm1", "docker", "exec", "web", "nc", "-w", "2", db.address, "9001")).exitCode).not.toBe(0);
  expect(await cluster.planKeys()).toEqual({ vm1: [`change link/${pair}`] });
  await cluster.must("apply", "--yes");
  expect(await readOffload("vm1", pair)).toBe("off");
  expect(await cluster.planKeys()).toEqual({});
  expect((await traffic.findPeerAddress(web, db)).length).toBeGreaterThan(0);
});

test("a pair in the spanning tree, and one that is gone: found and repaired", async () => {
  const pair = await findPair("vm1");
  const peer = pair.replace("spwy", "spww");
  await cluster.on("vm1", "ovs-vsctl", "remove", "Port", peer, "other_config", "rstp-enable");
  await cluster.on("vm2", "ip", "link", "del", pair);
  expect(await cluster.planKeys()).toEqual({ vm1: [`change link/${pair}`], vm2: [`change link/${pair}`] });
  await cluster.must("apply", "--yes");
  expect(await cluster.on("vm1", "ovs-vsctl", "get", "Port", peer, "other_config")).toContain('rstp-enable="false"');
  expect([await readOffload("vm2", pair), await readOffload("vm2", peer)]).toEqual(["off", "off"]);
  expect(await cluster.planKeys()).toEqual({});
  expect(await createTraffic(cluster).findPeerAddress(db, web)).toBe(db.address);
});

test.for(["internal", "veth"])("in use to join: %s: old and new stand side by side, nothing comes twice", async (join) => {
  await cluster.writeSpec(spec(join));
  const pings = watchPings(web.pid, db.address);
  const broadcasts = await watchBroadcasts({ pid: web.pid, broadcast: "10.64.3.255" }, [db]);
  const { stdout } = await cluster.must("apply", "--yes");
  const { sent, received } = await broadcasts.stop();
  const counted = await pings.stop();
  console.log(`to join: ${join}: pings ${JSON.stringify(counted)}, broadcasts sent ${sent}, received ${JSON.stringify(received)}`);
  expect(stdout).toContain("Done: vm1, vm2.");
  expect(counted.duplicates).toBe(0);
  expect(received[0]!.copies).toBe(received[0]!.distinct);
  expect(received[0]!.distinct).toBeGreaterThan(0);
  expect(await cluster.planKeys()).toEqual({});
  expect(await createTraffic(cluster).findPeerAddress(web, db)).toBe(web.address);
});

test("destroy gives every host back as it was", async () => {
  for (const { host, name } of [web, db]) await cluster.on(host, "docker", "rm", "-f", name);
  await cluster.must("destroy", "--yes");
  expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
});
