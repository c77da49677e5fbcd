import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { CACHE_ROOT, IMAGE } from "../../src/lab/lab-names.ts";
import { createClusterLab, footprintChanges, type ClusterLab } from "./cluster-lab.ts";
import { createTraffic } from "./container-traffic.ts";
import { until } from "./until.ts";

/** Docker 28 comes from Debian unstable (470 MB); without it in the cache only SPANWIRE_DOCKER28=1 fetches it. */
const isThere = existsSync(`${CACHE_ROOT}/docker28`) || process.env["SPANWIRE_DOCKER28"] === "1";
if (!isThere) console.log(`not tested: Docker 28 is not in ${CACHE_ROOT}/docker28; SPANWIRE_DOCKER28=1 fetches it`);

let cluster: ClusterLab;
afterAll(() => cluster?.down());

describe.skipIf(!isThere)("Docker 28", () => {
  test("the quickstart: apply, real addresses both ways, the outside, verify, destroy", { timeout: 300_000 }, async () => {
    cluster = await createClusterLab({ docker: "28", ovs: "auto", spec: await readFile("examples/quickstart.yaml", "utf8") });
    expect((await cluster.on("vm1", "docker", "version", "-f", "{{.Server.Version}}")).trim()).toMatch(/^28\./);
    // Docker itself keeps an empty raw table once a container ran: that is not ours, so it is there before
    for (const host of ["vm1", "vm2", "vm3"]) await cluster.on(host, "docker", "run", "--rm", IMAGE, "true");
    const before = await cluster.footprints();
    expect((await cluster.must("apply", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
    expect((await cluster.must("apply", "--yes")).stdout).toContain("Nothing to do");

    const one = await cluster.startContainer("vm1", "web", "apps");
    const three = await cluster.startContainer("vm3", "db", "apps");
    const traffic = createTraffic(cluster);
    expect([one.address, three.address]).toEqual(["10.64.24.1", "10.64.56.1"]);
    expect(await traffic.findPeerAddress(one, three)).toBe(one.address);
    expect(await traffic.findPeerAddress(three, one)).toBe(three.address);
    expect(await traffic.pingSized(one, three.address, 1450)).toBe(true);
    expect(await traffic.ping(one, "198.51.100.1")).toBe(true);
    const other = await cluster.startContainer("vm3", "other", "data");
    expect(await traffic.ping(one, other.address)).toBe(false);
    expect((await cluster.must("verify", "--containers")).stdout).toContain("verified: every measured promise holds");
    expect((await cluster.must("status")).stdout).toContain("No drift");

    expect((await cluster.spanwire(["destroy", "--yes"])).stderr).toMatch(/running containers are on it: web/);
    for (const { host, name } of [one, three, other]) await cluster.on(host, "docker", "rm", "-f", name);
    await cluster.must("destroy", "--yes");
    expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
  });

  /** examples/static-routes.yaml and wireguard.yaml: what comes to members past their bridge, Docker drops in two places. */
  test.each(["routed", "{ type: wireguard, implementation: wireguard-go }"])("dataplane: %s", { timeout: 300_000 }, async (dataplane) => {
    const hosts = "hosts: { vm1: { address: 10.99.0.1 }, vm2: { address: 10.99.0.2 }, vm3: { address: 10.99.0.3 } }";
    await cluster.writeSpec(`version: 1\ncluster: d28\n${hosts}\nnetworks: { apps: { subnet: 10.64.0.0/16, dataplane: ${dataplane} } }\n`);
    await rm(cluster.lockPath, { force: true });
    const before = await cluster.footprints();
    await cluster.must("apply", "--yes");
    const one = await cluster.startContainer("vm1", "web", "apps");
    const three = await cluster.startContainer("vm3", "db", "apps");
    const traffic = createTraffic(cluster);
    expect(await traffic.findPeerAddress(one, three)).toBe(one.address);
    expect((await cluster.must("verify", "--containers")).stdout).toContain("verified: every measured promise holds");

    // somebody puts it behind Docker's own
    const rules = await cluster.on("vm3", "iptables", "-t", "raw", "-S", "PREROUTING");
    const rule = rules
      .split("\n")
      .find((line) => line.includes("spanwire"))!
      .replaceAll('"', "")
      .split(" ")
      .slice(1);
    await cluster.on("vm3", "iptables", "-t", "raw", "-D", ...rule);
    await cluster.on("vm3", "iptables", "-t", "raw", "-A", ...rule);
    expect(await traffic.ping(one, three.address)).toBe(false);
    expect(await cluster.planKeys()).toEqual({ vm3: ["change direct-accept/apps"] });
    await cluster.must("apply", "--yes");
    expect(await traffic.ping(one, three.address)).toBe(true);

    for (const { host, name } of [one, three]) await cluster.on(host, "docker", "rm", "-f", name);
    await cluster.must("destroy", "--yes");
    expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
  });

  test("F33: after a power cut the rules are before Docker's again, and members talk", { timeout: 300_000 }, async () => {
    await cluster.must("apply", "--yes");
    const one = await cluster.startContainer("vm1", "web", "apps");
    const three = await cluster.startContainer("vm3", "db", "apps", "--restart", "always");
    await cluster.must("lab", "reboot", "h3", "--run", cluster.lab.runId);
    const read = async (): Promise<number> => Number(await cluster.on("vm3", "docker", "inspect", "-f", "{{.State.Pid}}", three.name));
    await until(read, (pid) => pid > 0, 60_000);
    expect(await cluster.planKeys()).toEqual({});
    expect(await createTraffic(cluster).ping(one, three.address)).toBe(true);
    for (const { host, name } of [one, three]) await cluster.on(host, "docker", "rm", "-f", name);
    await cluster.must("destroy", "--yes");
  });
});
