import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demand } from "../lab/cluster-lab.ts";
import { until } from "../lab/until.ts";
import type { Machine } from "./machine.ts";
import { readTraces, type ServerTraces } from "./server-traces.ts";
import { startServers, type Servers } from "./servers.ts";

/** Three Debian 13 servers with Docker and Open vSwitch, reached by the operator's own SSH; their life from end to end. */
const NAMES = ["vm1", "vm2", "vm3"] as const;
const HOSTS = NAMES.map((name, index) => `  ${name}: { address: 10.99.0.${index + 1}, ssh: ${name} }`).join("\n");
const APPS = "  apps: { subnet: 10.64.0.0/16 }\n";
const DATA = "  data: { subnet: 10.65.0.0/16 }\n";
const LEGACY = "  legacy: { subnet: 10.32.0.0/16, dataplane: { type: ovs, tunnel: gre }, addressing: { mode: per-host } }\n";
/** Addresses and routes of the host that lead into a network of ours, the second network's over its neighbours too. */
const OUR_ROUTES = "ip -brief address show | grep ^spw; ip route show | grep spw";
/** How names of our links begin. */
const OUR_LINK = "spw";
const APPLY_TIMEOUT_MS = 30 * 60_000;
/** Docker starts its containers some time after the machine says that it is up. */
const TALK_TIMEOUT_MS = 15 * 60_000;

let servers: Servers;
let before: ServerTraces[];

beforeAll(async () => {
  servers = await startServers({ count: NAMES.length, memoryMiB: 1280, processors: 1 });
  await everywhere((machine) => machine.must(IMPORT_BUSYBOX));
  before = await everywhere(readTraces);
});
afterAll(() => servers?.close());

/** An image of the machine's own busybox: no registry is needed. */
const IMPORT_BUSYBOX = `set -e; mkdir -p /root/image/bin; cp /bin/busybox /root/image/bin/
for name in sh ping nc sleep; do ln -sf busybox /root/image/bin/$name; done
tar -C /root/image -c . | docker import - spx-busybox`;

test("from nothing to verified by one apply, over SSH", async () => {
  await writeSpec(APPS);
  const { stdout } = await must("apply", "--yes");
  expect(stdout).toBe("Done: vm1, vm2, vm3.\n");
  await must("verify");
  await expectNothingToDo();
});

test("containers with a restart policy talk across all three, each with its own address", async () => {
  await everywhere((machine) =>
    machine.must(`docker run -d --name ${containerOn(machine)} --restart unless-stopped --network apps spx-busybox sleep 1000000`),
  );
  await expectAllTalk("apps");
  await must("verify", "--containers");
});

test("a machine that loses its power in the middle of an apply ends old or new, and the next apply converges", async () => {
  const victim = servers.machines[1] as Machine;
  await writeSpec(APPS + DATA);
  const firstChange = victim.ssh(`ip monitor link | grep --max-count=1 ${OUR_LINK}`, { timeoutMs: APPLY_TIMEOUT_MS });
  const applying = servers.desk.spanwire(["apply", "--yes"]);
  expect((await firstChange).stdout).toContain(OUR_LINK);
  await victim.cutPower();
  const result = await applying;
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain("vm2");
  await victim.start();
  await expectAllTalk("apps");
  await must("apply", "--yes");
  await must("verify");
  await expectNothingToDo();
});

test("after a reboot of all three, containers talk again by themselves", async () => {
  const addresses = await readAddresses("apps");
  await everywhere((machine) => machine.reboot());
  await expectAllTalk("apps");
  expect(await readAddresses("apps")).toEqual(addresses);
  await must("verify");
});

test("a network over Open vSwitch's GRE in the kernel datapath beside it", async () => {
  await writeSpec(APPS + DATA + LEGACY);
  await must("apply", "--yes");
  await must("verify");
  for (const machine of servers.machines) {
    expect(await machine.must("ovs-appctl dpctl/dump-dps")).toBe("system@ovs-system\n");
    expect(await machine.must("ovs-appctl dpctl/show")).toMatch(/port \d+: gre_sys \(gre/);
    expect(await machine.must("ip -d link show dev gre_sys")).toContain("gretap external"); // the kernel's own GRE carries it
  }
});

test("F41: systemd-networkd, restarted, leaves our routes and addresses alone", async () => {
  await everywhere(async (machine) => {
    const routes = await machine.must(OUR_ROUTES);
    expect(routes).toContain(" dev spw");
    await machine.must("systemctl restart systemd-networkd && networkctl status >/dev/null"); // it answers when it has looked at everything
    expect(await machine.must(OUR_ROUTES)).toBe(routes);
  });
  await expectNothingToDo();
  await expectAllTalk("apps");
});

test("destroy --purge leaves nothing", async () => {
  await everywhere((machine) => machine.must(`docker rm --force ${containerOn(machine)}`));
  await must("destroy", "--yes", "--purge");
  expect(await everywhere(readTraces)).toEqual(before);
});

function everywhere<T>(act: (machine: Machine) => Promise<T>): Promise<T[]> {
  return Promise.all(servers.machines.map(act));
}

async function must(...argv: string[]): Promise<{ stdout: string }> {
  return demand(await servers.desk.spanwire(argv));
}

/** With it a plan that has changes ends with another exit code. */
async function expectNothingToDo(): Promise<void> {
  await must("plan", "--detailed-exitcode");
}

async function writeSpec(networks: string): Promise<void> {
  await writeFile(join(servers.desk.directory, "spanwire.yaml"), `version: 1\ncluster: real\nhosts:\n${HOSTS}\nnetworks:\n${networks}`);
}

const containerOn = (machine: Machine): string => `c-${machine.name}`;

/** Address of each machine's container. */
function readAddresses(network: string): Promise<string[]> {
  const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
  return everywhere(async (machine) => (await machine.must(`docker inspect --format '${format}' ${containerOn(machine)}`)).trim());
}

/** Every container pings every other one; waited for, but nothing is done to help. */
async function expectAllTalk(network: string): Promise<void> {
  const addresses = await until(
    () => readAddresses(network),
    (found) => found.every((address) => address !== ""),
    TALK_TIMEOUT_MS,
  );
  await everywhere(async (machine) => {
    for (const address of addresses) {
      const ping = `docker exec ${containerOn(machine)} ping -c 1 -W 5 ${address}`;
      const result = await until(
        () => machine.ssh(ping),
        ({ exitCode }) => exitCode === 0,
        TALK_TIMEOUT_MS,
      );
      expect(result.stdout).toContain(" 0% packet loss");
    }
  });
}
