import { afterAll, beforeAll, expect, test } from "vitest";
import type { Machine } from "./machine.ts";
import { packClone } from "./pack-clone.ts";
import { startServers, type Servers } from "./servers.ts";

/**
 * The lab's own tests of Open vSwitch inside a Debian 13 machine, whose kernel switches: packets on the wire, changes in use,
 * rings that lose a host or a link, daemons that die.
 */
const FILES = ["ovs-wire", "ovs-changes", "ovs-restarts", "ovs-trees"];
const FILE_TIMEOUT_MS = 120 * 60_000;
/** With two, a Node in the machine dies now and then: what V8 writes for the one qemu has not always seen when the other runs it. */
const PROCESSORS = 1;

let servers: Servers;
let machine: Machine;

beforeAll(async () => {
  servers = await startServers({ count: 1, memoryMiB: 4096, processors: PROCESSORS, packArchive: packClone });
  machine = servers.machines[0] as Machine;
  await machine.must("systemctl disable --now docker.service docker.socket containerd.service openvswitch-switch.service");
  await machine.must("mkdir /root/spanwire && tar -xf /dev/vdb -C /root/spanwire && modprobe openvswitch");
});
afterAll(() => servers?.close());

const ENVIRONMENT = "SPANWIRE_MAIN=/root/spanwire/dist/spanwire.mjs SPANWIRE_PATIENCE=20 NO_COLOR=1";
const vitest = `${ENVIRONMENT} node_modules/.bin/node node_modules/vitest/vitest.mjs run --project lab --project deep`;

test.each(FILES)("%s: holds with the kernel's datapath", { timeout: FILE_TIMEOUT_MS }, async (file) => {
  const { exitCode, stdout, stderr } = await machine.ssh(`cd /root/spanwire && ${vitest} tests/lab/${file}.`, {
    timeoutMs: FILE_TIMEOUT_MS,
  });
  process.stdout.write(stdout);
  expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
});
