import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { AddressReport } from "../../src/doctor/examine-addresses.ts";
import { IMAGE } from "../../src/lab/lab-names.ts";
import { createClusterLab, footprintChanges, type ClusterLab } from "./cluster-lab.ts";
import { findCompose } from "./find-compose.ts";
import { until } from "./until.ts";

/** The problem the third article ends with: two hosts on one subnet, and addresses that Docker does not know are taken. */
const SPEC = fileURLToPath(new URL("../../examples/003-two-hosts-gre-static-ip.yaml", import.meta.url));
const COMPOSE_FILE = fileURLToPath(new URL("../../examples/compose/reserved-address.yaml", import.meta.url));
const DATABASE = "10.42.64.10";
const WEB = "10.42.128.10";

const compose = await findCompose();
let cluster: ClusterLab;

beforeAll(async () => {
  cluster = await createClusterLab({ docker: "host", ovs: "auto", hosts: 2, spec: await readFile(SPEC, "utf8") });
  await cluster.must("apply", "--yes");
});
afterAll(() => cluster?.down());

async function examine(): Promise<AddressReport & { exitCode: number | null }> {
  const result = await cluster.spanwire(["doctor", "addresses", "--json"]);
  if (result.stdout === "") throw new Error(result.stderr);
  return { ...(JSON.parse(result.stdout) as AddressReport), exitCode: result.exitCode };
}

const remove = (host: string, name: string): Promise<string> => cluster.on(host, "docker", "rm", "-f", name);

/** A machine that nobody manages, bridged into the network: a namespace that goes with its process. Answers its MAC. */
async function plugIn(host: string, port: string, address: string): Promise<string> {
  const { namespace } = cluster.lab.hosts[Number(host.slice(2)) - 1]!;
  const holder = ["unshare", "--net", "--", "sh", "-c", "echo ready; exec cat"];
  const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, "--", ...holder], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(async () => {
    const ended = once(child, "close");
    child.stdin.end();
    await ended;
  });
  await once(child.stdout, "data");
  const links = JSON.parse(await cluster.on(host, "ip", "-json", "link", "show", "type", "bridge")) as { ifname: string }[];
  const bridge = links.find((link) => link.ifname.startsWith("spwb"))!.ifname;
  await cluster.on(host, "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", String(child.pid));
  await cluster.on(host, "ip", "link", "set", port, "master", bridge, "up");
  const inside = ["nsenter", `--net=/proc/${child.pid}/ns/net`, "ip"];
  await cluster.on(host, ...inside, "address", "add", address, "dev", "eth0");
  await cluster.on(host, ...inside, "link", "set", "eth0", "up");
  const [link] = JSON.parse(await cluster.on(host, ...inside, "-json", "link", "show", "eth0")) as { address: string }[];
  return link!.address;
}

const places = (report: AddressReport, address: string): string[] =>
  report.duplicates
    .filter((duplicate) => duplicate.address === address)
    .flatMap(({ holders }) => holders.map(({ kind, host, name, device }) => `${kind} ${host} ${name || device}`));

async function startDatabase(): Promise<void> {
  if (compose === undefined) {
    const serve = ["nc", "-ll", "-p", "7", "-e", "echo", "hello from the database"];
    await cluster.on("vm1", "docker", "run", "-d", "--name", "database", "--network", "shared", "--ip", DATABASE, IMAGE, ...serve);
    return;
  }
  await cluster.on("vm1", ...compose, "-p", cluster.lab.runId, "-f", COMPOSE_FILE, "up", "-d");
}

describe("reserved addresses", () => {
  test("a Compose service and a container have the addresses that are kept for them, and talk across hosts", async () => {
    await startDatabase();
    const web = await cluster.startContainer("vm2", "web", "shared", "--ip", WEB);
    expect(web.address).toBe(WEB);
    const ask = await until(
      () => cluster.exec("vm2", "docker", "exec", "web", "nc", "-w", "2", DATABASE, "7"),
      (result) => result.exitCode === 0,
    );
    expect(ask.stdout).toBe("hello from the database\n");
    const other = await cluster.startContainer("vm1", "other", "shared");
    expect([DATABASE, WEB]).not.toContain(other.address);
  });

  test("doctor addresses: none is used twice, everything was asked from both hosts, and nothing is left behind", async () => {
    const before = await cluster.footprints();
    const { duplicates, notTested, networks, exitCode } = await examine();
    expect({ duplicates, notTested, exitCode }).toEqual({ duplicates: [], notTested: [], exitCode: 0 });
    expect(networks).toEqual([{ name: "shared", addresses: expect.any(Number) as number, askedFrom: ["vm1", "vm2"] }]);
    // two gateways, database, web and one more container, and whom else they have talked to
    expect(networks[0]?.addresses).toBeGreaterThanOrEqual(5);
    expect(footprintChanges(before, await cluster.footprints())).toEqual([]);
  });
});

describe("an address used twice", () => {
  test("two containers of two hosts that were given the same one", async () => {
    await cluster.startContainer("vm1", "one", "shared", "--ip", "10.42.64.77");
    await cluster.startContainer("vm2", "two", "shared", "--ip", "10.42.64.77");
    onTestFinished(async () => void (await Promise.all([remove("vm1", "one"), remove("vm2", "two")])));
    const report = await examine();
    expect(report.exitCode).toBe(1);
    expect(places(report, "10.42.64.77")).toEqual(["container vm1 one", "container vm2 two"]);
    expect(report.duplicates[0]?.holders.every((holder) => holder.onWire && holder.inKernel && holder.dockerNetwork === "shared")).toBe(
      true,
    );
    const words = await cluster.spanwire(["doctor", "addresses"]);
    expect(words.stdout).toMatch(/^10\.42\.64\.77 in network shared is used twice:\n {2}container one on vm1, eth0, MAC [0-9a-f:]{17} \(/);
  });

  test("a stranger on another host's bridge, and one on the same, are found by what answers on the wire", async () => {
    const far = await plugIn("vm2", "stranger2", `${DATABASE}/16`);
    const near = await plugIn("vm1", "stranger1", `${DATABASE}/16`);
    const report = await examine();
    expect(places(report, DATABASE)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^container vm1 /), "stranger vm1 stranger1", "stranger vm2 stranger2"]),
    );
    const macs = report.duplicates.flatMap(({ holders }) => holders.filter(({ kind }) => kind === "stranger").map(({ mac }) => mac));
    expect(macs.toSorted()).toEqual([far, near].toSorted());
  });

  test("a stopped container wants its address back, and one whose address was changed inside holds what its kernel says", async () => {
    await cluster.startContainer("vm1", "old", "shared", "--ip", "10.42.64.78");
    await cluster.on("vm1", "docker", "stop", "-t", "0", "old");
    const late = await cluster.startContainer("vm2", "late", "shared", "--ip", "10.42.64.78");
    await cluster.on("vm2", "nsenter", `--net=/proc/${late.pid}/ns/net`, "ip", "address", "add", `${WEB}/16`, "dev", "eth0");
    onTestFinished(async () => void (await Promise.all([remove("vm1", "old"), remove("vm2", "late")])));
    const report = await examine();
    expect(places(report, "10.42.64.78")).toEqual(["container vm1 old", "container vm2 late"]);
    expect(report.duplicates.find(({ address }) => address === "10.42.64.78")?.holders[0]).toMatchObject({ running: false, onWire: false });
    expect(places(report, WEB).toSorted()).toEqual(["container vm2 late", "container vm2 web"]);
  });
});
