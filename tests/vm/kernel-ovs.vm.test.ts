import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClusterLab, demand, type ClusterLab } from "../lab/cluster-lab.ts";
import type { Machine } from "./machine.ts";
import { startServers, type Servers } from "./servers.ts";
import { measureThroughput, type OnLabHost } from "./throughput.ts";

/**
 * The lab inside one Debian 13 machine: namespaces over Debian's own kernel, so that Open vSwitch switches in the kernel,
 * with its GRE, Geneve and VXLAN; beside it the same in this machine's lab, whose datapath depends on its kernel.
 */
const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const EXECUTABLE = fileURLToPath(new URL("../../dist/spanwire", import.meta.url));
/** vm1's in the examples of the article 000. */
const OVERLAY_ADDRESS = "10.32.0.1";
/** An apply or a verify of three hosts under emulation. */
const STEP_TIMEOUT_MS = 20 * 60_000;

let servers: Servers;
let machine: Machine;
let lab: ClusterLab;

beforeAll(async () => {
  servers = await startServers({ count: 1, memoryMiB: 3072, processors: 2 });
  machine = servers.machines[0] as Machine;
  demand(await servers.desk.exec(["scp", "-q", EXECUTABLE, `${machine.name}:/usr/local/bin/spanwire`], { timeoutMs: STEP_TIMEOUT_MS }));
  await inMachine("systemctl disable --now docker.service docker.socket containerd.service openvswitch-switch.service");
  await inMachine("spanwire lab up --ovs kernel");
  lab = await createClusterLab({ docker: "host", ovs: "auto", spec: "" });
});
afterAll(async () => {
  await servers?.close();
  await lab?.down();
});

const inMachine = (command: string): Promise<string> => machine.must(command, { timeoutMs: STEP_TIMEOUT_MS });
const onKernelLab: OnLabHost = (host, ...argv) => inMachine(`spanwire lab exec ${host} -- ${argv.map((word) => `'${word}'`).join(" ")}`);
const onThisLab: OnLabHost = (host, ...argv) => lab.on(host.replace("h", "vm"), ...argv);

const read = (example: string): Promise<string> => readFile(`${EXAMPLES}/${example}`, "utf8");
const VXLAN_MESH = "000-ovs-vxlan-mesh.yaml";
const CASES = [
  { title: "VXLAN mesh", device: "vxlan_sys_4789", spec: () => read(VXLAN_MESH) },
  { title: "GRE mesh", device: "gre_sys", spec: () => read("000-ovs-gre-mesh.yaml") },
  { title: "Geneve mesh", device: "genev_sys_6081", spec: async () => (await read(VXLAN_MESH)).replace("tunnel: vxlan", "tunnel: geneve") },
];

test.each(CASES)("$title: applied and verified over the kernel's own tunnels", async ({ title, device, spec }) => {
  const text = await spec();
  await applyInMachine(text);
  expect(await onKernelLab("h1", "ovs-appctl", "dpctl/dump-dps")).toBe("system@ovs-system\n");
  // Open vSwitch has the kernel's own tunnel device made, and gives it packets with key and address (ip-link(8), "external")
  expect(await onKernelLab("h1", "ovs-appctl", "dpctl/show")).toMatch(new RegExp(`port \\d+: ${device} \\(`));
  expect(await onKernelLab("h1", "ip", "-d", "link", "show", "dev", device)).toContain(" external ");
  const kernel = await measureThroughput(onKernelLab, "h1", OVERLAY_ADDRESS, "h2");
  await destroyInMachine();

  await lab.writeSpec(text);
  await lab.must("apply", "--yes");
  const here = await measureThroughput(onThisLab, "h1", OVERLAY_ADDRESS, "h2");
  await lab.must("destroy", "--yes");
  process.stdout.write(
    `${title}: ${kernel} Mbit/s in the emulated machine's kernel datapath; ${here} Mbit/s in this machine's lab (${lab.lab.ovs})\n`,
  );
  expect(Math.min(kernel, here)).toBeGreaterThan(0);
});

test.each(["001-gre-ring-stp-slices.yaml", "ovs-two-networks.yaml"])("%s: applied, verified and destroyed", async (example) => {
  await applyInMachine(await read(example));
  expect(await onKernelLab("h1", "ovs-vsctl", "list-br")).not.toBe("");
  await destroyInMachine();
});

async function applyInMachine(spec: string): Promise<void> {
  await machine.must("cat > /root/spanwire.yaml", { stdin: spec });
  await inMachine("spanwire apply --yes --lab");
  await inMachine("spanwire verify --lab");
}

/** Nothing of Open vSwitch may be left in the kernel. */
async function destroyInMachine(): Promise<void> {
  await inMachine("spanwire destroy --yes --lab");
  expect(await onKernelLab("h1", "ovs-vsctl", "list-br")).toBe("");
}
