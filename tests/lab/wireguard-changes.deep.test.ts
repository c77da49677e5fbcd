import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTraffic } from "./container-traffic.ts";
import { watchPings } from "./traffic-watch.ts";
import { createClusterLab, footprintChanges, type ClusterLab, type Container } from "./cluster-lab.ts";

/** What changes in a WireGuard network that stands: peers, keys, ports. Each test begins where the one before ended. */
const HOSTS = ["vm1", "vm2", "vm3"] as const;
let cluster: ClusterLab;
let example: string;
let containers: Container[];

beforeAll(async () => {
  const written = await readFile("examples/wireguard.yaml", "utf8");
  example = written.replace("dataplane: wireguard", "dataplane: { type: wireguard, implementation: wireguard-go }");
  cluster = await createClusterLab({ docker: "host", spec: example });
  await cluster.must("apply", "--yes");
  // with members on them the bridges keep their carrier, whoever measures
  containers = await Promise.all(HOSTS.map((host) => cluster.startContainer(host, `c-${host}`, "apps")));
});
afterAll(() => cluster?.down());

/** Not `wg show interfaces`: wireguard-go's sockets are in one folder for all lab hosts. */
const deviceOf = async (host: string): Promise<string> => /spwg\w+/.exec(await cluster.on(host, "ip", "-brief", "link"))![0];
const privateKeys = async (): Promise<string[]> =>
  Promise.all(HOSTS.map(async (host) => (await cluster.on(host, "wg", "show", await deviceOf(host), "private-key")).trim()));

test("a peer that may send anything, one too many, and a device with another key are drift, named and put right", async () => {
  const device = await deviceOf("vm1");
  const peer = (await cluster.on("vm1", "wg", "show", device, "peers")).split("\n")[0]!;
  const stranger = "/".repeat(42).concat("8=");
  await cluster.on("vm1", "wg", "set", device, "peer", peer, "allowed-ips", "0.0.0.0/0", "peer", stranger, "allowed-ips", "10.9.0.0/24");
  const said = (await cluster.spanwire(["status"])).stdout;
  expect(said).toContain("0.0.0.0/0 from");
  expect(said).toContain(stranger);
  expect(await cluster.planKeys()).toEqual({ vm1: [`change link/${device}`] });
  await cluster.must("apply", "--yes");
  expect(await cluster.on("vm1", "wg", "show", device, "allowed-ips")).not.toMatch(/0\.0\.0\.0\/0|10\.9\.0\.0/);
  await cluster.must("verify");
});

test("a host that lost its key gets another, and every peer is told", async () => {
  const { uuid } = await cluster.readLock();
  await cluster.on("vm2", "rm", "-r", `${cluster.lab.hosts[1]!.stateDirectory}/keys/${uuid}`);
  const formerly = (await privateKeys())[1];
  expect(Object.keys(await cluster.planKeys())).toEqual(["vm1", "vm2", "vm3"]);
  await cluster.must("apply", "--yes");
  expect((await privateKeys())[1]).not.toBe(formerly);
  expect(await cluster.planKeys()).toEqual({});
  await cluster.must("verify");
});

test("new keys, one host after the other, while containers ping and hold a connection", async () => {
  const [one, , three] = containers as [Container, Container, Container];
  const formerly = await privateKeys();
  await cluster.writeSpec(`${example}\n    egress: none\n`);
  const refused = await cluster.spanwire(["rotate", "--yes"]);
  await cluster.writeSpec(example);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("the hosts are not as the file says")]);
  const unknown = await cluster.spanwire(["rotate", "--yes", "--host", "vm9"]);
  expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining("the file has no such host")]);
  expect(await privateKeys()).toEqual(formerly);
  const pings = watchPings(one.pid, three.address);
  const stream = createTraffic(cluster).transfer(three, one, 20_000_000);
  expect((await cluster.must("rotate", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  const { sent, received } = await stream;
  const counted = await pings.stop();
  process.stdout.write(`rotate: ${counted.sent - counted.received} of ${counted.sent} pings lost, ${counted.longestGapMs} ms at once\n`);
  expect(received).toBe(sent);
  expect((await privateKeys()).filter((key) => formerly.includes(key))).toEqual([]);
  expect(await cluster.planKeys()).toEqual({});
  const files = await cluster.on("vm1", "find", `${cluster.lab.hosts[0]!.stateDirectory}/keys`, "-type", "f");
  expect(files.trim().split("\n")).toHaveLength(1);
  await cluster.must("verify");
});

test("another port stands beside the old one until it is in use, and a change that is not confirmed leaves everything as it was", async () => {
  const port = (text: string): string => text.replace("implementation:", "port: 51999, implementation:");
  const confirmed = await cluster.footprints();
  await cluster.writeSpec(port(example));
  const unconfirmed = await cluster.spanwire(["try", "--no-verify", "--confirm-within", "2"]);
  expect(unconfirmed.stderr).toContain("Nothing was changed: every host is as before.");
  const changes = footprintChanges(confirmed, await cluster.footprints());
  expect(changes.filter((line) => !line.includes("stateFiles: journal/"))).toEqual([]);
  await cluster.must("apply", "--yes");
  expect((await cluster.on("vm1", "wg", "show", await deviceOf("vm1"), "listen-port")).trim()).toBe("51999");
  await cluster.must("verify");
  await cluster.writeSpec(example);
  await cluster.must("apply", "--yes");
});

test("a host whose kernel has none of it, and whose file does not ask for a process instead, is refused before the first step", async () => {
  const hasModule = (await cluster.exec("vm1", "test", "-d", "/sys/module/wireguard")).exitCode === 0;
  await cluster.writeSpec(example.replace(", implementation: wireguard-go", ""));
  const { exitCode, stdout, stderr } = await cluster.spanwire(["plan"]);
  expect(exitCode === 1 && `${stdout}${stderr}`.includes("has no WireGuard")).toBe(!hasModule);
  await cluster.writeSpec(example);
  expect(await cluster.planKeys()).toEqual({});
});

test("to plain routes and back: containers keep their connection, and miss less than a second", async () => {
  const [one, , three] = containers as [Container, Container, Container];
  const routed = example.replace(/dataplane: .*/, "dataplane: routed");
  for (const spec of [routed, example]) {
    await cluster.writeSpec(spec);
    const pings = watchPings(one.pid, three.address);
    const stream = createTraffic(cluster).transfer(three, one, 20_000_000);
    await cluster.must("apply", "--yes");
    const { sent, received } = await stream;
    const counted = await pings.stop();
    process.stdout.write(`${/dataplane: .*/.exec(spec)![0]}: ${counted.sent - counted.received} of ${counted.sent} pings lost\n`);
    expect(received).toBe(sent);
    expect(counted.sent).toBeGreaterThan(100);
    expect(counted.longestGapMs).toBeLessThan(1000);
    expect(await cluster.planKeys()).toEqual({});
    await cluster.must("verify");
  }
});

test("a host behind NAT: nobody can call it, its packets come from another port, and every pair talks", async () => {
  // a stateful firewall and a translation of the host's own do to it what a router at home does; a port that no flow is known of
  const nat = [
    "table inet home {",
    "chain in {",
    "type filter hook input priority -10;",
    "udp dport 51950 ct state new drop",
    "}",
    "chain out {",
  ];
  nat.push("type nat hook postrouting priority 90;", "udp sport 51950 snat ip to 10.99.0.2:41000-41010", "}", "}");
  for (const { host, name } of containers) await cluster.on(host, "docker", "rm", "-f", name);
  await cluster.must("destroy", "--yes");
  await cluster.on("vm2", "sh", "-c", `printf '%s\\n' "$0" | nft -f -`, nat.join("\n"));
  await cluster.writeSpec(example.replace("{ type: wireguard", "{ type: wireguard, port: 51950, behindNat: [vm2]"));
  await cluster.must("apply", "--yes");
  expect(await cluster.on("vm1", "wg", "show", await deviceOf("vm1"), "endpoints")).toMatch(/10\.99\.0\.2:410\d\d/);
  expect(await cluster.planKeys()).toEqual({});
  await cluster.must("verify");
});
