import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { createClusterLab, footprintChanges, type ClusterLab, type Container } from "./cluster-lab.ts";
import { createTraffic, type Traffic } from "./container-traffic.ts";
import { until } from "./until.ts";

/** examples/static-routes.yaml on real Docker daemons, step by step: each test begins where the one before ended. */
const HOSTS = ["vm1", "vm2", "vm3"] as const;
let cluster: ClusterLab;
let traffic: Traffic;
let example: string;
let before: Record<string, Footprint>;
let containers: Container[];

beforeAll(async () => {
  example = await readFile("examples/static-routes.yaml", "utf8");
  cluster = await createClusterLab({ docker: "host", spec: example });
  traffic = createTraffic(cluster);
  for (const host of HOSTS) await cluster.on(host, "sysctl", "-qw", "net.ipv4.ip_forward=0");
  before = await cluster.footprints();
});
afterAll(() => cluster?.down());

const restartable = (host: string): Promise<Container> => cluster.startContainer(host, `c-${host}`, "apps", "--restart", "always");

test("apply and verify: every pair of hosts, the underlay's full MTU, and nothing to do afterwards", async () => {
  expect((await cluster.must("apply", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  expect((await cluster.must("apply", "--yes")).stdout).toContain("Nothing to do");
  const { stdout } = await cluster.must("verify");
  expect(stdout).toContain("apps  6 of 6 pairs ok, 1500 bytes without fragments");
  expect(stdout).toContain("verified: every measured promise holds");
  expect((await cluster.must("status")).stdout).toContain("No drift");
});

test("containers see each other's real address across hosts, and send packets of the full size", async () => {
  containers = await Promise.all(HOSTS.map(restartable));
  const [one, , three] = containers as [Container, Container, Container];
  expect(await traffic.findPeerAddress(one, three)).toBe(one.address);
  expect(await traffic.findPeerAddress(three, one)).toBe(three.address);
  expect(await traffic.pingSized(one, three.address, 1500)).toBe(true);
  const { sent, received } = await traffic.transfer(one, three, 1_000_000);
  expect(received).toBe(sent);
  // and a host reaches a member of another one, from its own gateway's address
  await cluster.on("vm2", "ping", "-c1", "-W2", three.address);
  expect((await cluster.must("verify", "--containers")).stdout).toContain("between 3 running containers");
});

test("drift: a route and the accept rule are missed, named and put back", async () => {
  const { slices } = (await cluster.readLock()).networks["apps"]!;
  await cluster.on("vm1", "ip", "route", "del", slices["vm3"]!);
  const rules = await cluster.on("vm2", "iptables", "-S", "DOCKER-USER");
  const rule = rules.split("\n").find((line) => line.includes("spanwire"))!;
  await cluster.on("vm2", "iptables", "-D", ...rule.replaceAll('"', "").split(" ").slice(1));
  const keys = await cluster.planKeys();
  expect(keys).toEqual({
    vm1: [expect.stringMatching(/^add route\/spwb\w+\/10\.64\.3\.0\/24$/)],
    vm2: ["add forward-accept/apps"],
  });
  expect((await cluster.spanwire(["verify"])).exitCode).toBe(1);
  await cluster.must("apply", "--yes");
  expect(await cluster.planKeys()).toEqual({});
  expect(await cluster.on("vm2", "iptables", "-S", "DOCKER-USER")).toBe(rules);
  await cluster.must("verify");
});

test("a rule of somebody else's that hides members' addresses, and one that refuses their packets, are named", async () => {
  const masquerade = ["POSTROUTING", "-o", "eth0", "-j", "MASQUERADE"];
  await cluster.on("vm1", "iptables", "-t", "nat", "-I", ...masquerade);
  const hidden = await cluster.spanwire(["verify"]);
  await cluster.on("vm1", "iptables", "-t", "nat", "-D", ...masquerade);
  expect(hidden.exitCode).toBe(1);
  expect(hidden.stdout).toMatch(
    /a rule that is not ours gave another source address to \d+ packets while they were measured again: chain ip nat POSTROUTING, handle \d+/,
  );

  const drop = ["FORWARD", "-s", "10.64.0.0/16", "-j", "DROP"];
  await cluster.on("vm2", "iptables", "-I", ...drop);
  const refused = await cluster.spanwire(["verify"]);
  await cluster.on("vm2", "iptables", "-D", ...drop);
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toMatch(
    /a rule that is not ours refused \d+ packets while they were measured again: chain ip filter FORWARD, handle \d+/,
  );
  await cluster.must("verify", "--strict");
});

test("two networks are apart, also over the underlay; without a way out members still reach their own", async () => {
  const wanted = `${example}\n  data: { subnet: 10.80.0.0/16, dataplane: routed, egress: none }\n`;
  const confirmed = await cluster.footprints();
  await cluster.writeSpec(wanted);
  const unconfirmed = await cluster.spanwire(["try", "--no-verify", "--confirm-within", "2"]);
  expect(unconfirmed.stderr).toContain("Nothing was changed: every host is as before.");
  const changes = footprintChanges(confirmed, await cluster.footprints());
  expect(changes.filter((line) => !line.includes("stateFiles: journal/"))).toEqual([]);
  await cluster.must("apply", "--yes");
  const { stdout } = await cluster.must("verify");
  expect(stdout).toContain("data  6 of 6 pairs ok, 1500 bytes without fragments");
  expect(stdout).toContain("verified: every measured promise holds");
  const stranger = await cluster.startContainer("vm1", "stranger", "data");
  expect((await cluster.inside(stranger, "ping", "-c1", "-W1", containers[2]!.address)).exitCode).toBe(1);
  await cluster.on("vm1", "docker", "rm", "-f", "stranger");
  await cluster.writeSpec(example);
  await cluster.must("apply", "--yes");
});

test("F33: a host loses power; routes, rule and containers come back, nobody helps", async () => {
  await cluster.must("lab", "reboot", "h2", "--run", cluster.lab.runId);
  const format = "{{.State.Pid}}";
  const read = async (): Promise<number> => Number(await cluster.on("vm2", "docker", "inspect", "-f", format, "c-vm2"));
  const pid = await until(read, (found) => found > 0, 60_000);
  containers[1] = { ...containers[1]!, pid };
  expect(await cluster.planKeys()).toEqual({});
  expect(await traffic.findPeerAddress(containers[0]!, containers[1])).toBe(containers[0]!.address);
  expect(await traffic.findPeerAddress(containers[1], containers[2]!)).toBe(containers[1].address);
});

test("a host behind a router is refused before the first step, with the way out", async () => {
  await cluster.on("vm3", "ip", "route", "add", "10.99.0.1/32", "via", "10.99.0.2");
  const { exitCode, stdout, stderr } = await cluster.spanwire(["plan"]);
  expect(exitCode).toBe(1);
  expect(stdout + stderr).toContain("it shares no segment with vm1: the way there goes through 10.99.0.2");
  expect(stdout + stderr).toContain("write dataplane: vxlan");
  await cluster.on("vm3", "ip", "route", "del", "10.99.0.1/32");
  expect(await cluster.planKeys()).toEqual({});
});

test("destroy leaves nothing", async () => {
  for (const { host, name } of containers) await cluster.on(host, "docker", "rm", "-f", name);
  await cluster.must("destroy", "--yes");
  const isDockers = (line: string): boolean => /docker0|"Name":"bridge"/.test(line) && !line.includes("forwarding");
  expect(footprintChanges(before, await cluster.footprints()).filter((line) => !isDockers(line))).toEqual([]);
});
