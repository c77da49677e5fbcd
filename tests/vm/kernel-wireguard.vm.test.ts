import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demand } from "../lab/cluster-lab.ts";
import type { Machine } from "./machine.ts";
import { startServers, type Servers } from "./servers.ts";
import { measureThroughput, type OnLabHost } from "./throughput.ts";

/** examples/wireguard.yaml in the lab inside one Debian 13 machine, whose kernel has WireGuard; in other labs it is wireguard-go. */
const EXAMPLE = fileURLToPath(new URL("../../examples/wireguard.yaml", import.meta.url));
const EXECUTABLE = fileURLToPath(new URL("../../dist/spanwire", import.meta.url));
/** An apply or a verify of three hosts under emulation. */
const STEP_TIMEOUT_MS = 20 * 60_000;

let servers: Servers;
let machine: Machine;

beforeAll(async () => {
  servers = await startServers({ count: 1, memoryMiB: 3072, processors: 1 });
  machine = servers.machines[0] as Machine;
  demand(await servers.desk.exec(["scp", "-q", EXECUTABLE, `${machine.name}:/usr/local/bin/spanwire`], { timeoutMs: STEP_TIMEOUT_MS }));
  await inMachine("systemctl disable --now docker.service docker.socket containerd.service openvswitch-switch.service");
  await inMachine("spanwire lab up --ovs none");
  await machine.must("cat > /root/spanwire.yaml", { stdin: await readFile(EXAMPLE, "utf8") });
});
afterAll(() => servers?.close());

const inMachine = (command: string): Promise<string> => machine.must(command, { timeoutMs: STEP_TIMEOUT_MS });
const onHost: OnLabHost = (host, ...argv) => inMachine(`spanwire lab exec ${host} -- ${argv.map((word) => `'${word}'`).join(" ")}`);
const devicesOf = async (host: string): Promise<string[]> =>
  (await onHost(host, "ip", "-brief", "link", "show", "type", "wireguard")).split("\n").filter((line) => line !== "");

test("applied and verified over the kernel's own devices, and nothing to do afterwards", async () => {
  await inMachine("spanwire apply --yes --lab");
  expect(await devicesOf("h1")).toEqual([expect.stringMatching(/^spwg/)]);
  expect(await inMachine("spanwire verify --lab")).toContain("apps  6 of 6 pairs ok, 1440 bytes without fragments");
  expect(await inMachine("spanwire plan --lab")).toContain("Nothing to do");
  expect(await inMachine("spanwire status --lab")).toMatch(/vm2 forwarding.*vm3 forwarding/);
  process.stdout.write(`WireGuard: ${await measureThroughput(onHost, "h1", "10.64.1.1", "h2")} Mbit/s in the emulated machine's kernel\n`);
});

test("a device that is gone and a peer that may send anything are put right; a new key reaches everybody", async () => {
  const [one] = await devicesOf("h1");
  const [two] = await devicesOf("h2");
  const peer = (await onHost("h2", "wg", "show", two!.split(" ")[0]!, "peers")).split("\n")[0]!;
  await onHost("h1", "ip", "link", "del", one!.split(" ")[0]!);
  await onHost("h2", "wg", "set", two!.split(" ")[0]!, "peer", peer, "allowed-ips", "0.0.0.0/0");
  await inMachine("spanwire apply --yes --lab");
  await inMachine("spanwire rotate --host vm3 --yes --lab");
  await inMachine("spanwire verify --lab");
  expect(await inMachine("spanwire plan --lab")).toContain("Nothing to do");
});

test("destroy leaves no device and no key", async () => {
  await inMachine("spanwire destroy --yes --lab");
  for (const host of ["h1", "h2", "h3"]) expect(await devicesOf(host)).toEqual([]);
  expect(await inMachine("find /var/lib/spanwire-lab -name '*.wireguard'")).toBe("");
});
