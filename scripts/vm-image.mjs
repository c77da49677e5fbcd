// A Debian 13 machine on a disk image, with Debian's Node and npm and nothing else. Plain JavaScript for Node 18.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InstallError } from "./install.mjs";

export const VM_CACHE = "/var/cache/spanwire-vm";
export const VM_IMAGE = { disk: join(VM_CACHE, "debian13.img"), kernel: join(VM_CACHE, "vmlinuz"), initrd: join(VM_CACHE, "initrd.img") };
/** Last words of a guest, with the exit code behind them. */
export const LAST_WORDS = "spanwire-vm: the demo ended with exit code";

const MIRROR = "http://deb.debian.org/debian";
const BASE = ["ca-certificates", "dbus", "initramfs-tools", "iproute2", "kmod", "linux-image-amd64", "systemd-sysv", "udev"];
const DISK_SIZE = "12G"; // sparse: it takes what is written
const LOCAL_CERTIFICATES = "/usr/local/share/ca-certificates";

/** The clone comes as a plain tar file on the second disk. */
const DEMO = `#!/bin/sh
. /etc/os-release
echo "$PRETTY_NAME, Linux $(uname -r), Node $(node --version), npm $(npm --version), $(stat -fc %T /sys/fs/cgroup)"
mkdir -p /root/spanwire && tar -xf /dev/vdb -C /root/spanwire && cd /root/spanwire && npm run --silent demo
echo "${LAST_WORDS} $?"
systemctl poweroff --no-block
`;
const UNIT = `[Unit]
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
Environment=HOME=/root TERM=dumb NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
ExecStart=/usr/local/sbin/spanwire-demo
TimeoutStartSec=infinity
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
`;

/** Builds it once; a build that was interrupted starts again. */
export function ensureImage(say) {
  if (Object.values(VM_IMAGE).every((path) => existsSync(path))) return;
  const root = join(VM_CACHE, "root");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(VM_CACHE, { recursive: true });
  say("building a Debian 13 image (debootstrap; some minutes, once)");
  must("debootstrap", "--variant=minbase", `--include=${BASE.join(",")}`, "trixie", root, MIRROR);
  must("chroot", root, "apt-get", "install", "-qy", "--no-install-recommends", "nodejs", "npm");
  configure(root);
  const boot = (prefix) =>
    join(
      root,
      "boot",
      readdirSync(join(root, "boot")).find((name) => name.startsWith(prefix)),
    );
  copyFileSync(boot("vmlinuz"), VM_IMAGE.kernel);
  copyFileSync(boot("initrd.img"), VM_IMAGE.initrd);
  must("mke2fs", "-q", "-t", "ext4", "-d", root, `${VM_IMAGE.disk}.new`, DISK_SIZE);
  renameSync(`${VM_IMAGE.disk}.new`, VM_IMAGE.disk);
  rmSync(root, { recursive: true, force: true });
}

function configure(root) {
  const write = (path, text, mode = 0o644) => writeFileSync(join(root, path), text, { mode });
  write("etc/hostname", "spanwire-vm\n");
  write("etc/fstab", "/dev/vda / ext4 defaults 0 0\n");
  write("etc/resolv.conf", "nameserver 10.0.2.3\n"); // qemu's user-mode network
  write("etc/systemd/network/80-dhcp.network", "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n");
  write("etc/systemd/system/spanwire-demo.service", UNIT);
  write("usr/local/sbin/spanwire-demo", DEMO, 0o755);
  must("chroot", root, "systemctl", "--quiet", "enable", "systemd-networkd", "spanwire-demo");
  symlinkSync("/dev/null", join(root, "etc/systemd/system/serial-getty@ttyS0.service")); // the console is the demo's
  trustLocalCertificates(root);
  rmSync(join(root, "var/lib/apt/lists"), { recursive: true, force: true });
}

/** A network whose proxy has a certificate of its own: what this machine trusts, the guest must trust too. */
function trustLocalCertificates(root) {
  if (!existsSync(LOCAL_CERTIFICATES)) return;
  const certificates = readdirSync(LOCAL_CERTIFICATES).filter((name) => name.endsWith(".crt"));
  for (const name of certificates) copyFileSync(join(LOCAL_CERTIFICATES, name), join(root, LOCAL_CERTIFICATES, name));
  must("chroot", root, "update-ca-certificates");
}

function must(command, ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (status === 0) return;
  const words = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-15).join("\n");
  throw new InstallError(`${words}\n${command} ${args.join(" ")} failed (${error?.message ?? `exit ${status}`})`);
}
