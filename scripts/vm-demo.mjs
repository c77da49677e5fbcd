// `npm run vm:demo`: the demo inside a Debian 13 machine under qemu; `-- --fresh`: one that has nothing but Debian's Node.
// Plain JavaScript for Node 18.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureNodeModules, ensureSystemPackages, InstallError, main, REPOSITORY } from "./install.mjs";
import { ensureImage, must, VM_PACKAGES } from "./vm-image.mjs";
import { LAST_WORDS } from "./vm-recipes.mjs";

/** Software emulation is ten to twenty times slower than the machine. */
const LIMIT_MS = 90 * 60_000;
const IS_FRESH = process.argv.includes("--fresh");

const directory = mkdtempSync(join(tmpdir(), "spanwire-vm-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
const clone = join(directory, "clone.img");
let image;

main(() => {
  if (process.getuid?.() !== 0) throw new InstallError("building a machine's disk needs root: run `sudo npm run vm:demo`");
  ensureSystemPackages(VM_PACKAGES);
  image = ensureImage(IS_FRESH ? "fresh" : "demo", say);
  if (!IS_FRESH) ensureNodeModules();
  packClone();
});
say("starting the machine (software emulation)");
const startedAt = performance.now();
const demoExit = await runMachine();
say(
  `\n${demoExit === undefined ? "the machine ended without a result" : `exit code in the machine: ${String(demoExit)}`}, ${Math.round((performance.now() - startedAt) / 1000)} s`,
);
process.exit(demoExit ?? 1);

/** This clone as it stands, as a file system; a fresh machine fetches the Node packages itself. */
function packClone() {
  const [tar, files] = [join(directory, "clone.tar"), join(directory, "clone")];
  const left = ["./.git", "./dist", ...(IS_FRESH ? ["./node_modules"] : [])];
  must("tar", "-C", REPOSITORY, ...left.map((path) => `--exclude=${path}`), "-cf", tar, ".");
  mkdirSync(files);
  must("tar", "-xf", tar, "-C", files);
  must("mke2fs", "-q", "-t", "ext4", "-d", files, clone, "2G");
  for (const path of [tar, files]) rmSync(path, { recursive: true });
}

/** The demo's exit code in the machine. Its disk is not written to: the next one is as fresh. */
async function runMachine() {
  // it ends with us, whatever ends us (prctl(2), PR_SET_PDEATHSIG)
  const argv = ["--pdeathsig", "KILL", "--", "qemu-system-x86_64", ...qemuArguments()];
  const machine = spawn("setpriv", argv, { stdio: ["ignore", "pipe", "inherit"] });
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
  // The guest is one of ours: it needs no protection from itself, and emulated protection is slow.
  const kernelLine = "mitigations=off root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet loglevel=3 systemd.show_status=false panic=-1";
  // Written to a temporary file that nobody reads afterwards, so nothing needs to reach a real disk.
  const throwAway = "format=raw,if=virtio,snapshot=on,cache=unsafe";
  return [
    ...[
      "-accel",
      "tcg,thread=multi",
      "-cpu",
      "Nehalem",
      "-m",
      "4096",
      "-smp",
      "2",
      "-no-reboot",
      "-nodefaults",
      "-display",
      "none",
      "-serial",
      "stdio",
    ],
    ...["-kernel", image.kernel, "-initrd", image.initrd, "-append", kernelLine],
    ...["-drive", `file=${image.disk},${throwAway}`],
    ...["-drive", `file=${clone},${throwAway}`],
    ...["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"],
  ];
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
