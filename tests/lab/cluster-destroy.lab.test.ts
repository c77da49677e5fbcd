import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { planIdOf } from "../../src/model/plan.ts";
import { createLabTransport } from "../../src/transport/lab.ts";
import { createClusterLab, footprintChanges, hostLines, type ClusterLab } from "./cluster-lab.ts";

const spec = (docker: string): string => `
version: 1
cluster: leave
hosts:
${hostLines(3)}
networks:
  apps: { subnet: 10.64.0.0/22, addressing: { slicePrefix: 26 }, dataplane: { type: vxlan, vni: 4242 }${docker} }
  data: { subnet: 10.80.0.0/22, addressing: { slicePrefix: 26 }${docker} }
`;

let cluster: ClusterLab;
let before: Record<string, Footprint>;

/** Refused in these words before the first change: nothing of any host differs, and there is no lock. */
async function expectRefused(...words: (string | RegExp)[]): Promise<void> {
  const footprints = await cluster.footprints();
  const result = await cluster.spanwire(["apply", "--yes"]);
  expect(result.exitCode).toBe(1);
  for (const word of words) expect(result.stderr).toMatch(word);
  expect(existsSync(cluster.lockPath)).toBe(false);
  expect(footprintChanges(footprints, await cluster.footprints())).toEqual([]);
}

async function expectCleanExit(): Promise<void> {
  expect((await cluster.must("destroy", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
  expect(existsSync(cluster.lockPath)).toBe(false);
}

describe("without Docker", () => {
  beforeAll(async () => {
    cluster = await createClusterLab({ docker: "none", spec: spec(", docker: none") });
    for (const host of ["vm1", "vm2", "vm3"]) await cluster.on(host, "sysctl", "-qw", "net.ipv4.ip_forward=0");
    before = await cluster.footprints();
  });
  afterAll(() => cluster?.down());

  test("destroy gives every host back as it was, with the former values of its settings", async () => {
    await cluster.must("apply", "--yes");
    expect((await cluster.on("vm1", "sysctl", "-n", "net.ipv4.ip_forward")).trim()).toBe("1");
    expect(footprintChanges(before, await cluster.footprints()).length).toBeGreaterThan(30);
    const applied = await cluster.footprints();
    expect((await cluster.must("destroy", "--dry-run")).stdout).toContain("0 to add, 0 to change, 0 to replace");
    expect(footprintChanges(applied, await cluster.footprints())).toEqual([]);
    await expectCleanExit();
    expect((await cluster.on("vm1", "sysctl", "-n", "net.ipv4.ip_forward")).trim()).toBe("0");
    expect((await cluster.must("destroy", "--yes")).stdout).toContain("Nothing to do");
  });

  test("destroy without the lock: the hosts know whose they are", async () => {
    await cluster.must("apply", "--yes");
    await rm(cluster.lockPath);
    await expectCleanExit();
  });

  test("F26: a VNI and port that a device of somebody else holds", async () => {
    await cluster.on("vm2", "ip", "link", "add", "flannel.1", "type", "vxlan", "id", "4242", "dstport", "8472", "local", "10.99.0.2");
    await expectRefused(
      /network apps on vm2: VNI 4242 on UDP port 8472 is taken by flannel\.1, which is not ours/,
      /try: set another vni or port/,
    );
    await cluster.on("vm2", "ip", "link", "del", "flannel.1");
  });

  test("a UDP port that another program has bound", async () => {
    const { namespace } = cluster.lab.hosts[2]!;
    const bind = `require("node:dgram").createSocket("udp4").bind(8472, () => process.stdout.write("bound"))`;
    const program = spawn("nsenter", [`--net=/run/netns/${namespace}`, "--", process.execPath, "-e", bind], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(program.stdout, "data");
    try {
      await expectRefused(/network apps on vm3: UDP port 8472 is in use by another program/);
    } finally {
      const ended = once(program, "close");
      program.kill();
      await ended;
    }
  });

  test("B21: a subnet that a host routes already", async () => {
    await cluster.on("vm1", "ip", "route", "add", "10.64.2.0/24", "dev", "eth0");
    await expectRefused(/spanwire\.yaml:\d+:\d+: .*10\.64\.0\.0\/22 overlaps 10\.64\.2\.0\/24, which vm1 already routes to eth0/);
    await cluster.on("vm1", "ip", "route", "del", "10.64.2.0/24");
  });

  test("F10: who comes second is told who is at work since when, and changes nothing", async () => {
    const first = await cluster.plan();
    const host = first.hosts[1]!;
    const transport = createLabTransport(cluster.lab.runId);
    const connection = await transport.open({ name: host.host, address: host.address, ssh: host.ssh });
    await connection.request("begin", {
      planId: planIdOf(first),
      clusterUuid: first.clusterUuid,
      address: host.address,
      basis: host.basis,
      operator: "ada@desk",
      steps: host.steps,
    });
    try {
      const second = await cluster.spanwire(["apply", "--yes"]);
      expect([second.exitCode, second.stderr]).toEqual([
        1,
        expect.stringMatching(/the host on vm2: ada@desk has been applying plan [0-9a-f]{16} since 20\d\d-\d\d-\d\dT/),
      ]);
      expect(second.stderr).toContain("every host is as before");
      expect(existsSync(cluster.lockPath)).toBe(false);
    } finally {
      await connection.close(); // it never confirmed: its host program undoes it
    }
    expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
  });

  test("F10: of four applies at once exactly one changes something, and the hosts and the lock are its", async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => cluster.spanwire(["apply", "--yes"])));
    const winners = results.filter(({ stdout }) => stdout.startsWith("Done:"));
    expect(winners.map(({ stdout }) => stdout)).toEqual(["Done: vm1, vm2, vm3.\n"]);
    for (const loser of results.filter((result) => !winners.includes(result))) {
      if (loser.exitCode === 0) expect(loser.stdout).toContain("Nothing to do"); // it came when all was done
      else
        expect(loser.stderr).toMatch(
          /has been applying plan|is under way there|have changed since the plan was made|somebody else has written/,
        );
    }
    expect(await cluster.planKeys()).toEqual({});
    await cluster.must("verify");
    await expectCleanExit();
  });
});

describe("with Docker", () => {
  beforeAll(async () => {
    cluster = await createClusterLab({ docker: "host", spec: spec("") });
    // things of others that look like ours
    await cluster.on("vm1", "ip", "link", "add", "spwbforeign1x", "type", "bridge");
    await cluster.on("vm1", "ip", "addr", "add", "172.31.250.1/24", "dev", "spwbforeign1x");
    await cluster.on("vm1", "ip", "link", "add", "spwvforeign1x", "type", "vxlan", "id", "999", "dstport", "8479", "local", "10.99.0.1");
    await cluster.on(
      "vm2",
      "nft",
      "add table inet spanwire_foreign; add chain inet spanwire_foreign c { type filter hook input priority 0; }",
    );
    await cluster.on(
      "vm3",
      "docker",
      "network",
      "create",
      "--label",
      "io.spanwire.cluster=11111111-2222-4333-8444-555555555555",
      "--subnet",
      "172.31.251.0/24",
      "foreign",
    );
    before = await cluster.footprints();
  });
  afterAll(() => cluster?.down());

  test("a Docker network of that name that is not ours", async () => {
    await cluster.on("vm2", "docker", "network", "create", "--subnet", "172.31.252.0/24", "data");
    await expectRefused(/data on vm2: a Docker network of that name exists and is not ours/);
    await cluster.on("vm2", "docker", "network", "rm", "data");
  });

  test("destroy is refused while containers run on the network, names them, and changes nothing", async () => {
    await cluster.must("apply", "--yes");
    expect(await cluster.planKeys()).toEqual({});
    const container = await cluster.startContainer("vm2", "busy", "apps");
    const running = await cluster.footprints();
    const refused = await cluster.spanwire(["destroy", "--yes"]);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("on vm2: running containers are on it: busy")]);
    expect(refused.stderr).toContain("docker network disconnect apps busy");
    expect(footprintChanges(running, await cluster.footprints())).toEqual([]);
    await cluster.on("vm2", "docker", "rm", "-f", container.name);
  });

  test("destroy takes what is ours, and nothing of others with similar names", async () => {
    await expectCleanExit();
    expect(await cluster.on("vm1", "ip", "-j", "link", "show", "spwbforeign1x")).toContain("spwbforeign1x");
    expect(await cluster.on("vm3", "docker", "network", "ls", "--format", "{{.Name}}")).toContain("foreign");
  });
});
