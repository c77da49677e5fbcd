import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, type RunOptions, type RunResult } from "../../src/util/run.ts";
import { demand } from "../lab/cluster-lab.ts";
import { until } from "../lab/until.ts";
import { DESK_ADDRESS, type Desk, type ServerKeys } from "./desk.ts";

/** Disk, kernel and initrd that scripts/vm-image.mjs made. */
export interface MachineImage {
  disk: string;
  kernel: string;
  initrd: string;
}

export interface MachineWish {
  name: string;
  address: string;
  /** Its port on the desk's switch. */
  tap: string;
  mac: string;
  memoryMiB: number;
  processors: number;
  /** Its second disk (/dev/vdb), read only: an archive of tar's is one as it stands. */
  archive?: string;
}

/** A Debian 13 machine under qemu with a disk of its own, reached over SSH from the desk. */
export interface Machine {
  readonly name: string;
  readonly address: string;
  /** Power on; resolves when systemd says that everything is up. */
  start(): Promise<void>;
  /** SIGKILL to the emulator: what the guest had not flushed is lost. */
  cutPower(): Promise<void>;
  /** By the machine's own systemd; resolves when it is up again. */
  reboot(): Promise<void>;
  ssh(command: string, options?: RunOptions): Promise<RunResult>;
  /** The same; a failure is an error. Answers stdout. */
  must(command: string, options?: RunOptions): Promise<string>;
  console(): Promise<string>;
}

/** Software emulation on a shared machine: a boot takes 20 s when nobody else works, minutes when all do. */
const BOOT_TIMEOUT_MS = 30 * 60_000;
const SSH_TIMEOUT_MS = 15 * 60_000;
/** Of one attempt while nobody listens yet. */
const CONNECT_SECONDS = 30;

export async function createMachine(desk: Desk, image: MachineImage, wish: MachineWish): Promise<Machine> {
  const { name, address } = wish;
  const disk = join(desk.directory, `${name}.qcow2`);
  const log = join(desk.directory, `${name}.console`);
  demand(await run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", image.disk, "-F", "raw", disk]));
  const credentials = renderCredentials(wish, await desk.addServer(name, address));
  for (const [key, text] of Object.entries(credentials)) await writeFile(join(desk.directory, `${name}.${key}`), text, { mode: 0o600 });
  const argv = qemuArguments(image, wish, desk.directory, Object.keys(credentials));
  let machine: ChildProcess | undefined;

  const ssh: Machine["ssh"] = (command, options) =>
    desk.exec(["ssh", "-o", "BatchMode=yes", "-o", `ConnectTimeout=${CONNECT_SECONDS}`, name, command], {
      timeoutMs: SSH_TIMEOUT_MS,
      ...options,
    });
  const must: Machine["must"] = async (command, options) => demand(await ssh(command, options)).stdout;
  const read = async (): Promise<string> => readFile(log, "utf8").catch(() => "");

  /** Until another boot than `former` answers and its last start job is done (systemctl(1), is-system-running --wait). */
  const awaitUp = async (former: string): Promise<void> => {
    const bootId = async (): Promise<string> => {
      if (machine?.exitCode !== null || machine.signalCode !== null) throw new Error(`${name} is off:\n${(await read()).slice(-2000)}`);
      return (await ssh("cat /proc/sys/kernel/random/boot_id")).stdout.trim();
    };
    await until(bootId, (id) => id !== "" && id !== former, BOOT_TIMEOUT_MS).catch(async (error: unknown) => {
      throw new Error(`${name}: ${(error as Error).message}\n${(await read()).slice(-2000)}`);
    });
    const state = (await ssh("systemctl is-system-running --wait")).stdout.trim();
    if (state !== "running") throw new Error(`${name} is ${state}: ${(await ssh("systemctl --failed --no-legend")).stdout}`);
  };

  return {
    ...{ name, address, ssh, must, console: read },
    async start() {
      machine = startInDesk(desk, argv);
      const output = createWriteStream(log, { flags: "a" });
      machine.stdout?.pipe(output, { end: false });
      machine.stderr?.pipe(output, { end: false });
      await awaitUp("");
    },
    async cutPower() {
      if (machine === undefined || machine.exitCode !== null || machine.signalCode !== null) return;
      const exited = once(machine, "exit");
      machine.kill("SIGKILL");
      await exited;
    },
    async reboot() {
      const former = (await must("cat /proc/sys/kernel/random/boot_id")).trim();
      await ssh("systemctl reboot");
      await awaitUp(former);
    },
  };
}

/** In the desk's network only, so that it is our own child; it ends with us (prctl(2), PR_SET_PDEATHSIG). */
function startInDesk(desk: Desk, argv: readonly string[]): ChildProcess {
  const [nsenter = "", ...namespaces] = desk.enter.filter((word) => word !== "--mount" && word !== "--pid");
  return spawn(nsenter, [...namespaces, "setpriv", "--pdeathsig", "KILL", "--", "nice", "-n", "10", ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function qemuArguments(image: MachineImage, wish: MachineWish, directory: string, credentials: readonly string[]): string[] {
  const { name } = wish;
  const kernelLine = [
    ...["root=/dev/vda", "rw", "console=ttyS0", "net.ifnames=0", "quiet", "loglevel=3", "mitigations=off"],
    `systemd.hostname=${name}`,
  ];
  return [
    "qemu-system-x86_64",
    ...["-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-m", String(wish.memoryMiB), "-smp", String(wish.processors), "-nodefaults"],
    ...["-display", "none", "-serial", "stdio", "-monitor", "none"],
    ...["-kernel", image.kernel, "-initrd", image.initrd, "-append", kernelLine.join(" ")],
    ...["-drive", `file=${join(directory, `${name}.qcow2`)},format=qcow2,if=virtio`],
    ...(wish.archive === undefined ? [] : ["-drive", `file=${wish.archive},format=raw,if=virtio,readonly=on`]),
    ...[
      "-netdev",
      `tap,id=net,ifname=${wish.tap},script=no,downscript=no`,
      "-device",
      `virtio-net-pci,netdev=net,romfile=,mac=${wish.mac}`,
    ],
    ...["-device", "virtio-rng-pci"],
    ...credentials.flatMap((key) => ["-fw_cfg", `name=opt/io.systemd.credentials/${key},file=${join(directory, `${name}.${key}`)}`]),
  ];
}

/**
 * systemd.system-credentials(7): what is this machine's and not the image's. Lines of tmpfiles.d(5), in which "~" says
 * that the argument is base64, and a file of systemd.network(5).
 */
function renderCredentials({ name, address, mac }: MachineWish, keys: ServerKeys): Record<string, string> {
  const file = (path: string, mode: string, text: string): string =>
    `f+~ ${path} ${mode} root root - ${Buffer.from(text).toString("base64")}`;
  const files = [
    "d /root/.ssh 0700 root root - -",
    file("/root/.ssh/authorized_keys", "0600", keys.authorizedKey),
    file("/etc/ssh/ssh_host_ed25519_key", "0600", keys.hostKey),
    file("/etc/hostname", "0644", `${name}\n`),
  ];
  return {
    "tmpfiles.extra": `${files.join("\n")}\n`,
    "network.network.50-underlay": `[Match]\nMACAddress=${mac}\n[Network]\nAddress=${address}/24\nGateway=${DESK_ADDRESS}\n`,
  };
}
