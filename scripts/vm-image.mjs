// Builds disk images of Debian 13 machines and keeps them. Plain JavaScript for Node 18.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { InstallError } from "./install.mjs";
import { RECIPES } from "./vm-recipes.mjs";

/** Debian packages that building an image and starting a machine need here. */
export const VM_PACKAGES = ["debootstrap", "e2fsprogs", "qemu-system-x86"];

const VM_CACHE = "/var/cache/spanwire-vm";
const MIRROR = "http://deb.debian.org/debian";
const LOCAL_CERTIFICATES = "/usr/local/share/ca-certificates";
/** Debian's way to keep maintainer scripts from starting services (invoke-rc.d(8)); a chroot is no boundary for them. */
const POLICY = "usr/sbin/policy-rc.d";

/** Disk, kernel and initrd of a recipe; built once, and again when its recipe or this file changes. */
export function ensureImage(name, say) {
  const recipe = createHash("sha256")
    .update(JSON.stringify(RECIPES[name]))
    .update(readFileSync(new URL(import.meta.url)));
  const base = join(VM_CACHE, `${name}-${recipe.digest("hex").slice(0, 12)}`);
  const image = { disk: `${base}.img`, kernel: `${base}.vmlinuz`, initrd: `${base}.initrd` };
  if (existsSync(image.disk)) return image;
  mkdirSync(VM_CACHE, { recursive: true });
  const former = readdirSync(VM_CACHE).filter((file) => file.startsWith(`${name}-`));
  const root = mkdtempSync(join(VM_CACHE, `build-${name}-`));
  try {
    say(`building the Debian 13 image "${name}" in ${VM_CACHE} (debootstrap; some minutes, once)`);
    fillRoot(root, RECIPES[name]);
    copyFileSync(findInBoot(root, "vmlinuz"), image.kernel);
    copyFileSync(findInBoot(root, "initrd.img"), image.initrd);
    must("mke2fs", "-q", "-t", "ext4", "-d", root, `${root}.img`, RECIPES[name].diskSize);
    renameSync(`${root}.img`, image.disk); // last: an image without its disk is not there
  } finally {
    for (const path of [root, `${root}.img`]) rmSync(path, { recursive: true, force: true });
  }
  for (const file of former) rmSync(join(VM_CACHE, file), { recursive: true, force: true });
  return image;
}

function fillRoot(root, { packages, files, programs, enable, disable, mask }) {
  const write = (path, text, mode) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  };
  must("debootstrap", "--variant=minbase", "trixie", root, MIRROR);
  write(POLICY, "#!/bin/sh\nexit 101\n", 0o755);
  for (const [path, text] of Object.entries(files)) write(path, text, 0o644);
  for (const [path, text] of Object.entries(programs)) write(path, text, 0o755);
  must("chroot", root, "apt-get", "install", "-qy", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", ...packages);
  rmSync(join(root, POLICY));
  must("chroot", root, "systemctl", "--quiet", "enable", ...enable);
  if (disable.length > 0) must("chroot", root, "systemctl", "--quiet", "disable", ...disable);
  for (const unit of mask) symlinkSync("/dev/null", join(root, "etc/systemd/system", unit));
  trustLocalCertificates(root);
  must("chroot", root, "apt-get", "clean");
  rmSync(join(root, "var/lib/apt/lists"), { recursive: true, force: true });
  // every machine gets a key of its own
  must("find", join(root, "etc"), "-name", "ssh_host_*", "-delete");
}

function findInBoot(root, prefix) {
  const found = readdirSync(join(root, "boot")).find((name) => name.startsWith(prefix));
  if (found === undefined) throw new InstallError(`the Debian image got no ${prefix}`);
  return join(root, "boot", found);
}

/** A network whose proxy has a certificate of its own: what this machine trusts, the guest must trust too. */
function trustLocalCertificates(root) {
  if (!existsSync(LOCAL_CERTIFICATES)) return;
  const certificates = readdirSync(LOCAL_CERTIFICATES).filter((name) => name.endsWith(".crt"));
  for (const name of certificates) copyFileSync(join(LOCAL_CERTIFICATES, name), join(root, LOCAL_CERTIFICATES, name));
  must("chroot", root, "update-ca-certificates");
}

export function must(command, ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (status === 0) return;
  const words = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-15).join("\n");
  throw new InstallError(`${words}\n${command} ${args.join(" ")} failed (${error?.message ?? `exit ${status}`})`);
}
