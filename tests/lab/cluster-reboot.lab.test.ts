import { afterAll, beforeAll, expect, test } from "vitest";
import { createClusterLab, footprintChanges, hostLines, type ClusterLab, type Container } from "./cluster-lab.ts";
import { createTraffic } from "./container-traffic.ts";
import { until } from "./until.ts";

/** Power cuts of confirmed hosts: containers with a restart policy come back by themselves and talk across hosts. */
let cluster: ClusterLab;
beforeAll(async () => {
  cluster = await createClusterLab({
    docker: "host",
    hosts: 2,
    spec: `
version: 1
cluster: reboot
hosts:
${hostLines(2)}
networks:
  apps: { subnet: 10.64.0.0/22, addressing: { slicePrefix: 26 } }
`,
  });
});
afterAll(() => cluster?.down());

/** As Docker says now; pid and address are new after a restart. */
async function lookUp(container: Container): Promise<Container> {
  const format = '{{.State.Pid}} {{(index .NetworkSettings.Networks "apps").IPAddress}}';
  const read = async (): Promise<Container> => {
    const [pid, address = ""] = (await cluster.on(container.host, "docker", "inspect", "-f", format, container.name)).trim().split(" ");
    return { ...container, pid: Number(pid), address };
  };
  return until(read, ({ pid }) => pid > 0, 60_000);
}

test("try: a container that came to a new network leaves it when nobody confirms, and hosts are as before", async () => {
  const before = await cluster.footprints();
  const trying = cluster.spanwire(["try", "--no-verify", "--confirm-within", "20"]);
  const come = async (): Promise<Container | undefined> => {
    await cluster.exec("vm1", "docker", "rm", "-f", "guest");
    return cluster.startContainer("vm1", "guest", "apps").catch(() => undefined);
  };
  const guest = await until(
    async () => ((await cluster.on("vm1", "docker", "network", "ls", "-q", "-f", "name=apps")) === "" ? undefined : come()),
    (container) => container !== undefined,
    60_000,
  );
  const result = await trying;
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain("Nothing was changed: every host is as before.");
  expect(await cluster.on("vm1", "docker", "inspect", "-f", "{{.State.Running}} {{len .NetworkSettings.Networks}}", guest!.id)).toBe(
    "true 0\n",
  );
  await cluster.on("vm1", "docker", "rm", "-f", "guest");
  expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
});

test("F33, F48: both hosts lose power; containers come back with their addresses and talk, nobody helps", async () => {
  const before = await cluster.footprints();
  await cluster.must("apply", "--yes");
  const { slices } = (await cluster.readLock()).networks["apps"]!;
  const fixed = slices["vm2"]!.replace(/\.\d+\/\d+$/, (end) => `.${Number(end.split(/[./]/)[1]) + 9}`);
  const web = await cluster.startContainer("vm1", "web", "apps", "--restart", "always");
  const db = await cluster.startContainer("vm2", "db", "apps", "--restart", "unless-stopped", "--ip", fixed);
  for (const host of ["h1", "h2"]) await cluster.must("lab", "reboot", host, "--run", cluster.lab.runId);
  const [web2, db2] = [await lookUp(web), await lookUp(db)];
  expect([web2.address, db2.address]).toEqual([web.address, fixed]);
  const traffic = createTraffic(cluster);
  expect(await traffic.findPeerAddress(web2, db2)).toBe(web.address);
  expect(await traffic.findPeerAddress(db2, web2)).toBe(fixed);
  expect(await cluster.planKeys()).toEqual({});
  expect((await cluster.must("status")).stdout).toContain("No drift");

  for (const { host, name } of [web2, db2]) await cluster.on(host, "docker", "rm", "-f", name);
  await cluster.must("destroy", "--yes");
  // docker0 gets another MAC with every start of Docker, and its own network a gateway in words
  const isDockers = (line: string): boolean => /docker0|"Name":"bridge"/.test(line) && !line.includes("forwarding");
  expect(footprintChanges(before, await cluster.footprints()).filter((line) => !isDockers(line))).toEqual([]);
});
