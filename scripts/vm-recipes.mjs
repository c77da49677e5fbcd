// What the Debian 13 machines of `npm run vm:demo` and `npm run test:vm` are made of. Plain JavaScript for Node 18.
import { LAB_PACKAGES, NODE_PACKAGES, SERVICE_UNITS } from "./install.mjs";

/** Last words of the demo's machine, with the exit code behind them. */
export const LAST_WORDS = "spanwire-vm: the demo ended with exit code";

/** How many times longer than usual programs wait on an emulated processor. */
export const PATIENCE = 10;
const BASE = ["ca-certificates", "dbus", "initramfs-tools", "iproute2", "kmod", "linux-image-amd64", "systemd-sysv", "udev"];
/** The disk and its file system, and nothing else: the initramfs is unpacked by an emulated processor. */
const INITRAMFS = {
  "etc/initramfs-tools/conf.d/spanwire": "MODULES=list\n",
  "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\next4\n",
};
/** Timers that would fetch and clean in the middle of a measurement. */
const QUIET = ["apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer", "serial-getty@ttyS0.service"];

/** The clone comes as a file system on the second disk. */
const DEMO = `#!/bin/sh
. /etc/os-release
echo "$PRETTY_NAME, Linux $(uname -r), Node $(node --version), npm $(npm --version), $(stat -fc %T /sys/fs/cgroup)"
mkdir /root/spanwire && mount /dev/vdb /root/spanwire && cd /root/spanwire && npm run --silent demo
echo "${LAST_WORDS} $?"
systemctl poweroff --no-block
`;
const DEMO_UNIT = `[Unit]
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
Environment=SPANWIRE_PATIENCE=${PATIENCE} HOME=/root TERM=dumb NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
ExecStart=/usr/local/sbin/spanwire-demo
TimeoutStartSec=infinity
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
`;

const DEMO_MACHINE = {
  diskSize: "12G", // sparse: it takes what is written
  packages: [...BASE, "nodejs", "npm"],
  files: {
    ...INITRAMFS,
    "etc/hostname": "spanwire-vm\n",
    "etc/fstab": "/dev/vda / ext4 defaults 0 0\n",
    "etc/resolv.conf": "nameserver 10.0.2.3\n", // qemu's user-mode network
    "etc/systemd/network/80-dhcp.network": "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n",
    "etc/systemd/system/spanwire-demo.service": DEMO_UNIT,
  },
  programs: { "usr/local/sbin/spanwire-demo": DEMO },
  enable: ["systemd-networkd", "spanwire-demo"],
  disable: [],
  mask: QUIET,
};

/**
 * A recipe: Debian packages, files (path -> text; `programs` are executable), and units to enable, disable and mask.
 * `fresh` is a Debian with Debian's own Node and npm and nothing else; `demo` has what the demo would install there.
 * `server` is a Docker host with Open vSwitch, reached over SSH; its address, name and keys come with each start
 * (systemd's credentials, tests/vm/machine.ts).
 */
export const RECIPES = {
  fresh: DEMO_MACHINE,
  demo: {
    ...DEMO_MACHINE,
    packages: [...DEMO_MACHINE.packages, ...LAB_PACKAGES, ...NODE_PACKAGES],
    disable: LAB_PACKAGES.flatMap((name) => SERVICE_UNITS[name] ?? []),
  },
  server: {
    diskSize: "8G",
    packages: [...BASE, ...LAB_PACKAGES, ...NODE_PACKAGES, ...["conntrack", "iperf3", "openssh-server", "tcpdump"]],
    files: {
      ...INITRAMFS,
      "etc/hostname": "debian\n",
      "etc/fstab": "/dev/vda / ext4 defaults 0 0\n",
      // also for what starts at boot
      "etc/systemd/system.conf.d/patience.conf": `[Manager]\nDefaultEnvironment=SPANWIRE_PATIENCE=${PATIENCE}\n`,
      "etc/ssh/sshd_config.d/spanwire.conf": "HostKey /etc/ssh/ssh_host_ed25519_key\nPermitRootLogin prohibit-password\n",
    },
    programs: {},
    enable: ["systemd-networkd", "systemd-network-generator", "ssh"],
    disable: [],
    mask: [...QUIET, "iperf3.service", "systemd-networkd-wait-online.service"],
  },
};
