import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { envelopeSchema } from "../../src/cli/terminal/envelope.ts";
import { createClusterLab, footprintChanges, type ClusterLab, type Container } from "./cluster-lab.ts";
import { createTraffic } from "./container-traffic.ts";
import { until } from "./until.ts";

/**
 * The main job on real Docker daemons, step by step as a user goes: each test begins where the one before ended. Hosts as
 * the demo has them, so with an Open vSwitch that carries the underlay.
 */
let cluster: ClusterLab;
let one: Container;
let three: Container;

beforeAll(async () => {
  cluster = await createClusterLab({ docker: "host", ovs: "auto", spec: await readFile("examples/quickstart.yaml", "utf8") });
});
afterAll(() => cluster?.down());

test("plan shows the changes, with --commands the exact ones, and writes nothing, not even the lock", async () => {
  const before = await cluster.footprints();
  const plan = await cluster.must("plan", "--commands");
  expect(plan.stdout).toContain("Plan: 69 to add, 0 to change, 0 to replace, 0 to remove on 3 hosts.");
  expect(plan.stdout).toMatch(/\$ ip link add spwv\w+ address \S+ mtu 1450 type vxlan id \d+ local 10\.99\.0\.1 dstport 8472 df set/);
  expect((await cluster.spanwire(["plan", "--detailed-exitcode"])).exitCode).toBe(2);
  expect(existsSync(cluster.lockPath)).toBe(false);
  expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
});

test("apply, then plan: nothing to do", async () => {
  expect((await cluster.must("apply", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  expect((await cluster.spanwire(["plan", "--detailed-exitcode"])).exitCode).toBe(0);
  expect((await cluster.must("status")).stdout).toContain("No drift");
});

/** Lines of what the kernel of a host changes, between two marks that we set ourselves. */
async function watchKernel(host: string, act: () => Promise<void>): Promise<string[]> {
  const { namespace } = cluster.lab.hosts[Number(host.slice(2)) - 1]!;
  const child = spawn("ip", ["-n", namespace, "monitor", "link", "address", "route", "rule"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const mark = async (address: string): Promise<string[]> => {
    await cluster.on(host, "ip", "addr", "add", address, "dev", "lo");
    await cluster.on(host, "ip", "addr", "del", address, "dev", "lo");
    return lines.filter((line) => line.includes(address.split("/")[0]!));
  };
  try {
    await until(
      () => mark("192.0.2.1/32"),
      (seen) => seen.length > 0,
    ); // it listens
    await act();
    await until(
      () => mark("192.0.2.2/32"),
      (seen) => seen.length > 0,
    );
    return lines.filter((line) => !/192\.0\.2\.|^\s+valid_lft/.test(line));
  } finally {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill();
    await ended;
  }
}

test("a second apply has nothing to do and runs no writing command", async () => {
  // the kernel takes the namespaces of the first apply's probes down in its own time, and tells of each bridge port once
  // more when its forward delay is over, which runs without STP too (br_make_forwarding in net/bridge/br_stp.c)
  await until(
    () => cluster.on("vm1", "ip", "-details", "link"),
    (links) => !links.includes("spwp") && !/forward_delay_timer +(?! |0\.00)/.test(links),
  );
  const footprints = await cluster.footprints();
  const journals = await cluster.journals("vm1");
  const lock = await readFile(cluster.lockPath, "utf8");
  const events = await watchKernel("vm1", async () => {
    expect((await cluster.must("apply", "--yes")).stdout).toContain("Nothing to do");
  });
  expect(events).toEqual([]);
  expect(journals).toHaveLength(1);
  expect(await cluster.journals("vm1")).toEqual(journals);
  expect(await readFile(cluster.lockPath, "utf8")).toBe(lock);
  expect(footprintChanges(footprints, await cluster.footprints())).toEqual([]);
});

test("every verb that prints JSON prints it by the schema, also where hosts are asked", async () => {
  const verbs = [["validate"], ["plan"], ["apply", "--yes"], ["status"], ["verify"], ["graph"], ["doctor", "addresses"]];
  for (const words of verbs) {
    const { exitCode, stdout } = await cluster.spanwire([...words, "--json"]);
    const { success, error } = envelopeSchema.safeParse(JSON.parse(stdout));
    expect([words, exitCode, success, error?.message]).toEqual([words, 0, true, undefined]);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      kind: words.filter((word) => !word.startsWith("-")).join("-"),
      ok: true,
      problems: [],
    });
  }
  const lost = await cluster.spanwire(["status", "--json", "--lab", "no-such-lab"]);
  expect([lost.exitCode, JSON.parse(lost.stdout)]).toMatchObject([
    1,
    { version: 1, kind: "status", ok: false, problems: [{ kind: "input" }] },
  ]);
});

test("containers on host 1 and 3: nc both ways, each sees the other's real address (F46)", async () => {
  one = await cluster.startContainer("vm1", "web", "apps");
  three = await cluster.startContainer("vm3", "db", "apps");
  const { slices } = (await cluster.readLock()).networks["apps"]!;
  expect([slices["vm1"], slices["vm3"]]).toEqual(["10.64.16.0/20", "10.64.48.0/20"]);
  expect([one.address, three.address]).toEqual(["10.64.24.1", "10.64.56.1"]); // the upper half, without its first
  const traffic = createTraffic(cluster);
  expect(await traffic.findPeerAddress(one, three)).toBe(one.address);
  expect(await traffic.findPeerAddress(three, one)).toBe(three.address);
});

test("100 MB arrive with equal checksum", async () => {
  const { sent, received } = await createTraffic(cluster).transfer(one, three, 100_000_000);
  expect(sent).toMatch(/^[0-9a-f]{64}/);
  expect(received).toBe(sent);
});

test("a DF packet of exactly the MTU passes, one byte more does not leave (F28)", async () => {
  const traffic = createTraffic(cluster);
  const { mtuBytes } = (await cluster.readLock()).networks["apps"]!;
  expect(mtuBytes).toBe(1450);
  expect(await traffic.pingSized(one, three.address, mtuBytes)).toBe(true);
  expect(await traffic.pingSized(three, one.address, mtuBytes)).toBe(true);
  expect(await traffic.pingSized(one, three.address, mtuBytes + 1)).toBe(false);
});

test("containers reach the outside by masquerade, and not the other network", async () => {
  const traffic = createTraffic(cluster);
  const other = await cluster.startContainer("vm3", "other", "data");
  expect(await traffic.ping(one, "198.51.100.1")).toBe(true); // answers only what comes from a host's own address
  expect(await traffic.ping(other, "198.51.100.1")).toBe(true);
  expect(await traffic.ping(one, other.address)).toBe(false);
  expect(await traffic.ping(other, three.address)).toBe(false);
  await cluster.on("vm3", "docker", "rm", "-f", "other");
});

test("verify: every pair, as text and as JSON, also between running containers", async () => {
  expect((await cluster.must("verify")).stdout).toContain("verified: every measured promise holds");
  const report = JSON.parse((await cluster.must("verify", "--json", "--containers")).stdout) as {
    version: number;
    ok: boolean;
    networks: { name: string; pairs: Record<string, unknown>[] }[];
    isolation: unknown[];
    failures: unknown[];
    containers: { name: string; pairs: unknown[] }[];
  };
  expect(report).toMatchObject({ version: 1, ok: true, failures: [] });
  expect(report.networks.map(({ name, pairs }) => [name, pairs.length])).toEqual([
    ["apps", 6],
    ["build", 6],
    ["data", 6],
  ]);
  for (const pair of report.networks.flatMap(({ pairs }) => pairs)) {
    expect(pair).toMatchObject({
      from: expect.stringMatching(/^vm[123]$/),
      to: expect.stringMatching(/^vm[123]$/),
      reachable: true,
      mtuBytes: 1450,
      duplicates: 0,
    });
    expect(pair["rttMs"]).toBeGreaterThan(0);
  }
  expect(report.isolation).toMatchObject([
    { a: "apps", b: "build", leaks: [] },
    { a: "apps", b: "data", leaks: [] },
    { a: "build", b: "apps", leaks: [] },
    { a: "build", b: "data", leaks: [] },
    { a: "data", b: "apps", leaks: [] },
    { a: "data", b: "build", leaks: [] },
  ]);
  expect(report.containers).toMatchObject([
    {
      name: "apps",
      pairs: [
        { reachable: true, mtuBytes: 1450 },
        { reachable: true, mtuBytes: 1450 },
      ],
    },
  ]);
});

const tunnelOf = (plan: Plan, host: string): string =>
  plan.hosts
    .find((candidate) => candidate.host === host)
    ?.steps.map((step) => step.key)
    .find((key) => key.startsWith("flood-list/"))
    ?.split("/")[1] ?? "";

const dropFloodEntry = async (): Promise<void> => {
  const entries = JSON.parse(await cluster.on("vm2", "bridge", "-j", "fdb", "show")) as { mac: string; ifname: string; dst?: string }[];
  const entry = entries.find(({ mac, dst }) => mac === "00:00:00:00:00:00" && dst === "10.99.0.3")!;
  await cluster.on("vm2", "bridge", "fdb", "del", entry.mac, "dev", entry.ifname, "dst", "10.99.0.3", "self");
};

test("B51: a saved plan is applied exactly, once; an edited one is refused", async () => {
  await dropFloodEntry();
  const path = join(cluster.directory, "plan.json");
  await cluster.must("plan", "--out", path);
  const text = await readFile(path, "utf8");
  const edited = join(cluster.directory, "edited.json");
  await writeFile(edited, text.replace('"10.99.0.3"', '"10.99.0.9"'));
  const refused = await cluster.spanwire(["apply", edited]);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("it was edited after it was saved")]);
  expect((await cluster.must("apply", path)).stdout).toBe("Done: vm2.\n");
  expect(await cluster.planKeys()).toEqual({});
  const again = await cluster.spanwire(["apply", path]);
  expect([again.exitCode, again.stderr]).toEqual([
    1,
    expect.stringContaining("our objects on this host have changed since the plan was made"),
  ]);
  expect(again.stderr).toContain("on vm2");
  expect(await cluster.planKeys()).toEqual({});
});

test("F11: a saved plan is stale when our objects changed meanwhile, not when containers did", async () => {
  await dropFloodEntry();
  const path = join(cluster.directory, "stale.json");
  await cluster.must("plan", "--out", path);
  const device = tunnelOf(await cluster.plan(), "vm2");
  await cluster.on("vm2", "ip", "link", "set", device, "mtu", "1400");
  const before = await cluster.footprints();
  const stale = await cluster.spanwire(["apply", path]);
  expect([stale.exitCode, stale.stderr]).toEqual([
    1,
    expect.stringMatching(/on vm2: our objects on this host have changed[^]*try: make a new plan/),
  ]);
  expect(footprintChanges(before, await cluster.footprints())).toEqual([]);

  await cluster.must("plan", "--out", path);
  const passing = await cluster.startContainer("vm2", "passing", "apps");
  expect((await cluster.must("apply", path)).stdout).toBe("Done: vm2.\n");
  expect(await createTraffic(cluster).ping(passing, three.address)).toBe(true);
  await cluster.on("vm2", "docker", "rm", "-f", "passing");
});

test("F64: an address of vm2's range that answers on the wire already is never handed out", async () => {
  await cluster.on("vm2", "docker", "network", "rm", "apps");
  const squatter = await cluster.startContainer("vm1", "squatter", "apps", "--ip", "10.64.40.1");
  const applied = await cluster.must("apply", "--yes");
  expect(applied.stderr).toContain(`note: vm2: ${squatter.address} is already used on network apps by`);
  const [details] = JSON.parse(await cluster.on("vm2", "docker", "network", "inspect", "apps")) as [
    { IPAM: { Config: { AuxiliaryAddresses: Record<string, string> }[] } },
  ];
  expect(Object.values(details.IPAM.Config[0]!.AuxiliaryAddresses)).toEqual(expect.arrayContaining(["10.64.40.0", "10.64.40.1"]));
  const two = await cluster.startContainer("vm2", "two", "apps");
  expect(two.address).toBe("10.64.40.2");
  const traffic = createTraffic(cluster);
  expect(await traffic.findPeerAddress(two, squatter)).toBe(two.address);
  expect(await cluster.planKeys()).toEqual({});
});
