import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { CACHE_ROOT, IMAGE } from "../../src/lab/lab-names.ts";
import { createClusterLab, footprintChanges, type ClusterLab } from "./cluster-lab.ts";
import { createTraffic } from "./container-traffic.ts";

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
});
