import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClusterLab, hostLines, type ClusterLab, type Container } from "./cluster-lab.ts";
import { createTraffic } from "./container-traffic.ts";

/**
 * One thing at a time is taken away by hand: the plan names exactly that, apply repairs exactly that, and containers that
 * ran all the while talk again.
 */
let cluster: ClusterLab;
let web: Container;
let db: Container;
/** Names of the network `apps`' devices, the same on every host; those of `data` are never broken. */
let bridge = "";
let tunnel = "";
let table = "";

beforeAll(async () => {
  cluster = await createClusterLab({
    docker: "host",
    spec: `
version: 1
cluster: drift
hosts:
${hostLines(3)}
networks:
  apps: { subnet: 10.64.0.0/22, addressing: { slicePrefix: 26 } }
  data: { subnet: 10.80.0.0/22, addressing: { slicePrefix: 26 } }
`,
  });
  await cluster.must("apply", "--yes");
  web = await cluster.startContainer("vm1", "web", "apps");
  db = await cluster.startContainer("vm2", "db", "apps");
  const links = JSON.parse(await cluster.on("vm1", "ip", "-d", "-j", "link")) as {
    ifname: string;
    ifalias?: string;
    linkinfo?: { info_kind?: string };
  }[];
  const find = (kind: string): string =>
    links.find((link) => link.linkinfo?.info_kind === kind && link.ifalias?.includes("network=apps") === true)!.ifname;
  [bridge, tunnel] = [find("bridge"), find("vxlan")];
  table = `spanwire_${(await cluster.readLock()).uuid.replaceAll("-", "")}`;
});
afterAll(() => cluster?.down());

const startedAt = (container: Container): Promise<string> =>
  cluster.on(container.host, "docker", "inspect", "-f", "{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}}", container.name);

/** The plan is exactly these keys, apply does exactly that, and the same running containers talk both ways. */
async function expectRepair(expected: Record<string, string[]>, noticed: boolean): Promise<void> {
  const before = [await startedAt(web), await startedAt(db)];
  const traffic = createTraffic(cluster);
  expect(await cluster.planKeys()).toEqual(Object.fromEntries(Object.entries(expected).map(([host, keys]) => [host, [...keys].sort()])));
  if (noticed) expect(await traffic.ping(web, db.address)).toBe(false);
  const status = await cluster.spanwire(["status"]);
  expect(status.exitCode).toBe(1);
  for (const keys of Object.values(expected)) for (const key of keys) expect(status.stdout).toContain(key.split(" ")[1]);
  expect((await cluster.must("apply", "--yes")).stdout).toBe(`Done: ${Object.keys(expected).join(", ")}.\n`);
  expect(await traffic.findPeerAddress(web, db)).toBe(web.address);
  expect(await traffic.findPeerAddress(db, web)).toBe(db.address);
  expect([await startedAt(web), await startedAt(db)]).toEqual(before);
  expect(await cluster.planKeys()).toEqual({});
}

describe("removed or changed by hand", () => {
  test("the VXLAN device", async () => {
    await cluster.on("vm1", "ip", "link", "del", tunnel);
    await expectRepair({ vm1: [`add link/${tunnel}`, `add flood-list/${tunnel}`, `add neighbours/${tunnel}`] }, true);
  });

  test("F24: the VXLAN device's MAC", async () => {
    await cluster.on("vm2", "ip", "link", "set", tunnel, "address", "02:00:00:00:00:09");
    await expectRepair({ vm2: [`change link/${tunnel}`] }, false);
  });

  test("F27: one flood entry, and one too many", async () => {
    await cluster.on("vm2", "bridge", "fdb", "del", "00:00:00:00:00:00", "dev", tunnel, "dst", "10.99.0.1", "self");
    await cluster.on("vm3", "bridge", "fdb", "append", "00:00:00:00:00:00", "dev", tunnel, "dst", "10.99.0.77", "self", "permanent");
    await expectRepair({ vm2: [`change flood-list/${tunnel}`], vm3: [`change flood-list/${tunnel}`] }, false);
  });

  test("F40: our nft table", async () => {
    await cluster.on("vm3", "nft", "delete", "table", "inet", table);
    await expectRepair({ vm3: [`add nft-table/${table}`] }, false);
  });

  test("F40: one rule of our nft table", async () => {
    const { nftables } = JSON.parse(await cluster.on("vm1", "nft", "-j", "list", "chain", "inet", table, "egress")) as {
      nftables: { rule?: { handle: number } }[];
    };
    const handle = nftables.flatMap(({ rule }) => rule?.handle ?? [])[0]!;
    await cluster.on("vm1", "nft", "delete", "rule", "inet", table, "egress", "handle", String(handle));
    await expectRepair({ vm1: [`change nft-table/${table}`] }, false);
  });

  test("the host's overlay address", async () => {
    const { slices } = (await cluster.readLock()).networks["apps"]!;
    const cidr = `${slices["vm2"]!.split("/")[0]!.replace(/\d+$/, (last) => String(Number(last) + 1))}/22`;
    await cluster.on("vm2", "ip", "addr", "del", cidr, "dev", bridge); // with its last address a device forgets its neighbours
    await expectRepair({ vm2: [`add address/${bridge}/${cidr}`, `change neighbours/${tunnel}`] }, false);
  });

  test("the bridge itself, with running containers on it, on two hosts", async () => {
    const { slices } = (await cluster.readLock()).networks["apps"]!;
    const keys = (host: string): string[] => {
      const gateway = slices[host]!.split("/")[0]!.replace(/\d+$/, (last) => String(Number(last) + 1));
      return [
        `add link/${bridge}`,
        `add address/${bridge}/${gateway}/22`,
        `change link/${tunnel}`,
        `change neighbours/${tunnel}`,
        `add sysctl/net.ipv4.conf.${bridge}.arp_ignore`,
      ];
    };
    const port = async (host: string): Promise<string> => {
      const ports = JSON.parse(await cluster.on(host, "ip", "-j", "link", "show", "master", bridge, "type", "veth")) as {
        ifname: string;
      }[];
      expect(ports).toHaveLength(1);
      return `add bridge-port/${ports[0]!.ifname}`;
    };
    const [port1, port2] = [await port("vm1"), await port("vm2")];
    for (const host of ["vm1", "vm2"]) await cluster.on(host, "ip", "link", "del", bridge);
    await expectRepair({ vm1: [...keys("vm1"), port1], vm2: [...keys("vm2"), port2] }, true);
  });

  test("F45: a setting of our bridge", async () => {
    await cluster.on("vm1", "sysctl", "-qw", `net.ipv4.conf.${bridge}.arp_ignore=0`);
    await expectRepair({ vm1: [`change sysctl/net.ipv4.conf.${bridge}.arp_ignore`] }, false);
  });

  test("F45: IP forwarding, which somebody switched off", async () => {
    await cluster.on("vm3", "sysctl", "-qw", "net.ipv4.ip_forward=0");
    await expectRepair({ vm3: ["change sysctl/net.ipv4.ip_forward"] }, false);
  });

  test("a Docker network without containers", async () => {
    await cluster.on("vm3", "docker", "network", "rm", "data");
    await expectRepair({ vm3: ["add docker-network/data"] }, false);
  });
});

test("a Docker network goes whose members are stopped: the plan names them, and the command it says brings them back", async () => {
  await cluster.startContainer("vm3", "job", "data", "--ip", "10.80.0.140", "--network-alias", "worker");
  await cluster.on("vm3", "docker", "stop", "-t", "0", "job");
  expect((await cluster.must("status")).stdout).not.toContain("stopped container");
  await cluster.on("vm3", "docker", "network", "rm", "data"); // as `docker network prune` would
  expect(await cluster.planKeys()).toEqual({ vm3: ["add docker-network/data"] });
  const says = /container job on vm3: it will not start: .*\n {2}try: (.*)\n/;
  const [, later = ""] = says.exec((await cluster.must("apply", "--yes")).stderr) ?? [];
  const [, commands = ""] = says.exec((await cluster.must("status")).stdout) ?? [];
  expect(later).toBe(`after the apply: ${commands}`);
  expect(commands).toBe("docker network disconnect -f data job && docker network connect --ip 10.80.0.140 --alias worker data job");
  expect((await cluster.spanwire(["lab", "exec", "h3", "--run", cluster.lab.runId, "--", "docker", "start", "job"])).exitCode).toBe(1);
  for (const command of commands.split(" && ")) await cluster.on("vm3", ...command.split(" "));
  await cluster.on("vm3", "docker", "start", "job");
  expect((await cluster.must("status")).stdout).not.toContain("stopped container");
  await cluster.on("vm1", "ping", "-c1", "-W2", "10.80.0.140");
  await cluster.on("vm3", "docker", "rm", "-f", "job");
});

test("an address that was given by hand in another host's range is named while nothing keeps it", async () => {
  const { slices } = (await cluster.readLock()).networks["apps"]!;
  const [base = "", last = ""] = /^(.*\.)(\d+)\//.exec(slices["vm2"]!)?.slice(1) ?? [];
  const address = `${base}${Number(last) + 40}`; // in the upper half of a /26
  await cluster.startContainer("vm1", "guest", "apps", "--ip", address);
  const { stdout } = await cluster.must("status");
  await cluster.on("vm1", "docker", "rm", "-f", "guest");
  expect(stdout).toContain(`its address ${address} in network apps lies in the range that Docker on vm2 hands out`);
});

test("after all repairs every promise holds, also between the containers", async () => {
  expect((await cluster.must("verify", "--containers")).stdout).toContain("verified: every measured promise holds");
});
