// `npm run vm:demo`: the demo inside a fresh Debian 13 machine under qemu. Plain JavaScript for Node 18.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureSystemPackages, InstallError, main, REPOSITORY } from "./install.mjs";
import { ensureImage, LAST_WORDS, VM_IMAGE } from "./vm-image.mjs";

const PACKAGES = ["debootstrap", "e2fsprogs", "qemu-system-x86"];
/** Software emulation is ten to twenty times slower than the machine. */
const LIMIT_MS = 60 * 60_000;

const directory = mkdtempSync(join(tmpdir(), "spanwire-vm-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
const clone = join(directory, "clone.tar");

main(() => {
  if (process.getuid?.() !== 0) throw new InstallError("building a machine's disk needs root: run `sudo npm run vm:demo`");
  ensureSystemPackages(PACKAGES);
  ensureImage(say);
  const { status } = spawnSync("tar", ["-cf", clone, "--exclude=./node_modules", "--exclude=./.git", "--exclude=./dist", "."], {
    cwd: REPOSITORY,
  });
  if (status !== 0) throw new InstallError("packing this clone with tar failed");
});
say("starting the machine (software emulation)");
const startedAt = performance.now();
const demoExit = await runMachine();
say(
  `\n${demoExit === undefined ? "the machine ended without a result" : `exit code in the machine: ${String(demoExit)}`}, ${Math.round((performance.now() - startedAt) / 1000)} s`,
);
process.exit(demoExit ?? 1);

/** The demo's exit code in the machine. Its disk is not written to: the next one is as fresh. */
async function runMachine() {
  const machine = spawn("qemu-system-x86_64", qemuArguments(), { stdio: ["ignore", "pipe", "inherit"] });
  const stop = () => machine.kill("SIGKILL");
  const limit = setTimeout(() => {
    say(`no end after ${LIMIT_MS / 60_000} minutes`);
    stop();
  }, LIMIT_MS);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const ended = new Promise((resolve) => machine.once("close", (...end) => resolve(end)));
  machine.on("error", (error) => say(`qemu-system-x86_64 does not start: ${error.message}`));
  let code;
  for await (const line of createInterface({ input: machine.stdout })) {
    // oxlint-disable-next-line no-control-regex -- terminal control sequences of firmware and kernel
    const text = line.replaceAll(/\u001b\[[0-9;?!]*[A-Za-z]|\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)|\u001bc|\r/g, "");
    say(`| ${text}`);
    if (text.startsWith(LAST_WORDS)) code = Number(text.slice(LAST_WORDS.length));
  }
  clearTimeout(limit);
  const [exitCode, signal] = await ended;
  if (code === undefined) say(`qemu ended: ${signal ?? `exit ${exitCode}`}`);
  return code;
}

function qemuArguments() {
  const kernelLine = "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet loglevel=3 systemd.show_status=false panic=-1";
  return [
    ...["-accel", "tcg,thread=multi", "-cpu", "max", "-m", "6144", "-smp", "2", "-no-reboot", "-nographic", "-monitor", "none"],
    ...["-kernel", VM_IMAGE.kernel, "-initrd", VM_IMAGE.initrd, "-append", kernelLine],
    ...["-drive", `file=${VM_IMAGE.disk},format=raw,if=virtio,snapshot=on`],
    ...["-drive", `file=${clone},format=raw,if=virtio,readonly=on`],
    ...["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"],
  ];
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
