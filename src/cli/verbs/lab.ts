import type { Command } from "commander";
import { ensureLab } from "../../lab/ensure-lab.ts";
import { execInHost } from "../../lab/host/exec-in-host.ts";
import { DEFAULT_RUN_ID } from "../../lab/lab-names.ts";
import { DEFAULT_HOSTS, DOCKER_FLAVOURS } from "../../lab/lab-shape.ts";
import { type DockerFlavour, listLabs, readLab } from "../../lab/lab-state.ts";
import { readLabStatus } from "../../lab/lab-status.ts";
import { OVS_CHOICES, type OvsChoice } from "../../lab/host/ovs-datapath.ts";
import { requireRoot } from "../../lab/require-root.ts";
import { stopLab } from "../../lab/stop-lab.ts";
import { registerDaemonFaults, registerFaults, registerPower } from "./lab-faults.ts";
import { parseNumber, parseOneOf, parseRun, print, withRun, type RunOption } from "./lab-options.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { renderLabList, renderLabStatus, renderLabUp } from "../terminal/lab-output.ts";

interface UpOptions extends RunOption {
  hosts: number;
  docker: DockerFlavour;
  ovs: OvsChoice;
  mtu?: number;
}

/** 128 + SIGINT, as shells report it. */
const EXIT_INTERRUPTED = 130;

export function registerLab(program: Command): void {
  const lab = program
    .command("lab")
    .description("hosts made of network namespaces on this machine, each with its own real Docker daemon (needs root)");
  lab.addHelpText("after", LAB_HELP);
  registerUpAndDown(lab);
  registerReading(lab);
  registerExec(lab);
  registerFaults(lab);
  registerPower(lab);
  registerDaemonFaults(lab);
}

function registerUpAndDown(lab: Command): void {
  const up = withRun(lab.command("up")).description("start a lab; does nothing when the same lab is up already");
  up.option("--hosts <n>", "number of hosts, 1 to 50", parseNumber, DEFAULT_HOSTS)
    .option("--docker <version>", `which Docker the hosts run: ${DOCKER_FLAVOURS.join(", ")}`, parseOneOf(DOCKER_FLAVOURS), "host")
    .option("--ovs <datapath>", `where Open vSwitch switches: ${OVS_CHOICES.join(", ")}`, parseOneOf(OVS_CHOICES), "auto")
    .option("--mtu <bytes>", "MTU of the data network", parseNumber)
    .addHelpText("after", UP_HELP)
    .action((options: UpOptions) => labUp(options));
  withRun(lab.command("down"))
    .description("remove everything the lab created, also after a crash in the middle of `up`")
    .action(async (options: RunOption) => {
      const existed = await stopLab(options.run);
      print(existed ? `lab "${options.run}" is removed` : `there is no lab "${options.run}": nothing to remove`);
    });
}

async function labUp(options: UpOptions): Promise<void> {
  requireRoot("starting the lab", options.run);
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const startedAt = performance.now();
  try {
    const { outcome } = await ensureLab({
      runId: options.run,
      hosts: options.hosts,
      docker: options.docker,
      ovs: options.ovs,
      ...(options.mtu === undefined ? {} : { mtuBytes: options.mtu }),
      signal: abort.signal,
      onProgress: (phrase) => void (process.stderr.isTTY && process.stderr.write(`  ${phrase}\n`)),
    });
    print(renderLabUp(await readLabStatus(options.run), outcome, performance.now() - startedAt));
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    process.stderr.write(`interrupted: what lab "${options.run}" had created is removed again\n`);
    process.exitCode = EXIT_INTERRUPTED;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function registerReading(lab: Command): void {
  lab
    .command("status")
    .argument("[run]", "which lab", parseRun, DEFAULT_RUN_ID)
    .option("--json", "for programs: one JSON document")
    .description("hosts, their Docker daemons, and the faults in force")
    .addHelpText("after", "\nExamples:\n  $ spanwire lab status\n  $ spanwire lab status two --json\n")
    .action(async (run: string, options: { json?: boolean }) => {
      requireRoot("reading the lab", run);
      const status = await readLabStatus(run);
      const ok = status.state !== "broken";
      if (options.json === true) printEnvelope("lab-status", { ok, problems: [] }, status);
      else print(renderLabStatus(status));
      if (!ok) process.exitCode = 1;
    });
  lab
    .command("list")
    .option("--json", "for programs: one JSON document")
    .description("the labs on this machine")
    .action((options: { json?: boolean }) => {
      requireRoot("listing the labs", "");
      if (options.json === true) printEnvelope("lab-list", { ok: true, problems: [] }, { labs: listLabs() });
      else print(renderLabList(listLabs()));
    });
}

function registerExec(lab: Command): void {
  withRun(lab.command("exec"))
    .argument("<host>", "h1, h2, ...")
    .argument("<command...>", "the command and its arguments")
    .description("run a command in a host's network namespace, with its Docker and Open vSwitch")
    .addHelpText("after", EXEC_HELP)
    .action(async (host: string, command: string[], options: RunOption) => {
      requireRoot("running a command in the lab", options.run);
      process.exitCode = await execInHost(readLab(options.run), host, command);
    });
}

const LAB_HELP = `
Examples:
  $ spanwire lab up                             three hosts, h1 to h3
  $ spanwire lab exec h1 -- docker run --rm spx-busybox ping -c1 10.99.0.2
  $ spanwire lab cut h1 h2
  $ spanwire lab heal
  $ spanwire lab down

A host hK has 10.99.0.K on its data network card (eth0; br-phy above it with --ovs netdev) and 192.168.250.K on its management card (mgmt0);
198.51.100.1 stands for the outside world. The image spx-busybox is loaded everywhere: no registry is needed.
`;

const UP_HELP = `
  host  the Docker of this machine, whatever its version (package docker.io)
  20    the same, but refuse when it is not version 20
  28    Docker 28 from Debian unstable, fetched once into /var/cache/spanwire-lab (about a minute, 470 MB)
  none  no Docker at all

Open vSwitch, two daemons of its own per host:
  auto    the kernel's datapath where this kernel has the module, else netdev; none where it is not installed
  kernel  the openvswitch module
  netdev  userspace; the host's underlay address is then on br-phy, a bridge of it that holds eth0
  none    no Open vSwitch

Examples:
  $ spanwire lab up --hosts 5
  $ spanwire lab up --run two --docker 28
`;

const EXEC_HELP = `
The exit code is the command's. It sees this machine's files; its network, its Docker and its Open vSwitch are the host's.

Examples:
  $ spanwire lab exec h1 -- ip -brief address
  $ spanwire lab exec h2 --run two -- docker ps
  $ spanwire lab exec h1 -- ovs-vsctl show
`;
