// Plain JavaScript for Node 18: this runs before anything of the project is installed.
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  copyFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const POLICY = "/usr/sbin/policy-rc.d";
const CACHED_BUSYBOX = "/var/cache/spanwire-lab/busybox";
/** What a package of ours would run on the machine itself; the lab starts its own. */
export const SERVICE_UNITS = {
  "docker.io": ["docker.service", "docker.socket", "containerd.service"],
  "openssh-server": ["ssh.service", "ssh.socket"],
  iperf3: ["iperf3.service"],
  "openvswitch-switch": ["openvswitch-switch.service", "ovs-record-hostname.service"],
};

/** Debian packages by the commands they are wanted for. */
const COMMANDS = {
  debootstrap: ["debootstrap"],
  "docker-cli": ["docker"],
  "docker-compose": ["docker-compose"],
  "docker.io": ["dockerd", "containerd", "runc"],
  e2fsprogs: ["mke2fs"],
  ethtool: ["ethtool"],
  iperf3: ["iperf3"],
  iproute2: ["ip"],
  iptables: ["iptables"],
  "iputils-ping": ["ping"],
  nftables: ["nft"],
  "openssh-client": ["ssh", "ssh-keygen"],
  "openssh-server": ["sshd"],
  "openvswitch-switch": ["ovs-vsctl", "ovs-vswitchd", "ovsdb-server", "ovsdb-tool"],
  procps: ["sysctl"],
  "qemu-system-x86": ["qemu-system-x86_64"],
  "qemu-utils": ["qemu-img"],
  sudo: ["sudo"],
  tcpdump: ["tcpdump"],
  "util-linux": ["flock", "nsenter", "unshare", "mount", "setpriv"],
  "wireguard-go": ["wireguard-go"],
  "wireguard-tools": ["wg"],
};

export const LAB_PACKAGES = [
  "busybox-static",
  "docker-cli",
  "docker.io",
  "ethtool",
  "iproute2",
  "iptables",
  "iputils-ping",
  "nftables",
  "openvswitch-switch",
  "procps",
  "util-linux",
  "wireguard-go",
  "wireguard-tools",
];
/** Node's own builds are linked to it from version 25 on, and a small Debian has it not: "node" would end with 127. */
export const NODE_PACKAGES = ["libatomic1"];
export const DOCKER28_PACKAGES = ["debootstrap"];

/** An error for the user: printed without a stack trace. */
export class InstallError extends Error {}

/** Installs what is missing of these Debian packages, and starts no service by it. Needs root only if something is missing. */
export function ensureSystemPackages(packages) {
  const missing = packages.filter((name) => !isPresent(name));
  if (missing.length === 0) return;
  requireDebian(missing);
  requireRoot(missing);
  say(`installing ${missing.join(", ")} (Debian packages; no service is started)`);
  withoutServiceStarts(() => installAll(missing));
  missing.forEach(disableServices);
  const still = packages.filter((name) => !isPresent(name));
  if (still.length > 0)
    throw new InstallError(`these packages were installed but what they should bring is not there: ${still.join(", ")}`);
}

/** `npm ci`, unless what is installed is newer than the lock file. Its output shows only when it fails. */
export function ensureNodeModules() {
  const installed = join(REPOSITORY, "node_modules/.package-lock.json");
  const isFresh = existsSync(join(REPOSITORY, "node_modules/.bin/node")) && existsSync(installed);
  if (isFresh && statSync(installed).mtimeMs >= statSync(join(REPOSITORY, "package-lock.json")).mtimeMs) return;
  ensureSystemPackages(NODE_PACKAGES);
  say("installing the Node packages of package-lock.json, among them Node itself, into node_modules (npm ci)");
  runQuietly("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: REPOSITORY, env: outsideEnvironment() });
}

/** `npm run` puts node_modules/.bin first in PATH; npm itself must not run on the Node it is about to replace. */
function outsideEnvironment() {
  const path = (process.env.PATH ?? SYSTEM_PATH).split(":").filter((directory) => !directory.includes("node_modules"));
  return { ...process.env, PATH: path.join(":") };
}

/** Runs the steps of a script; prints an InstallError as one sentence. */
export function main(steps) {
  try {
    steps();
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function isPresent(name) {
  if (name === "busybox-static") return existsSync(CACHED_BUSYBOX) || isStatic("/bin/busybox");
  if (name === "libatomic1") return hasLibrary("libatomic.so.1");
  const commands = COMMANDS[name];
  if (commands === undefined) throw new Error(`unknown package ${name}: add it to COMMANDS`);
  return commands.every(hasCommand);
}

function hasCommand(command) {
  return SYSTEM_PATH.split(":").some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function hasLibrary(name) {
  return spawnSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" }).stdout?.includes(`${name} `) === true;
}

/** The package `busybox` has a program of the same name, but it needs shared libraries, which our image has not. */
function isStatic(path) {
  // ldd(1) exits 1 for "not a dynamic executable".
  return existsSync(path) && spawnSync("ldd", [path], { env: { ...process.env, LC_ALL: "C" } }).status === 1;
}

function requireDebian(missing) {
  if (hasCommand("apt-get") && hasCommand("dpkg-query")) return;
  throw new InstallError(
    `this machine lacks ${missing.join(", ")}, and only Debian and Ubuntu (apt-get) are known here; install the same things with your own package manager and try again`,
  );
}

function requireRoot(missing) {
  if (process.getuid() === 0) return;
  throw new InstallError(
    `this machine lacks ${missing.join(", ")}; run this as root, or install them first: sudo apt-get install --no-install-recommends ${missing.join(" ")}`,
  );
}

function installAll(missing) {
  const viaArchive = missing.filter((name) => name === "busybox-static" && isInstalled("busybox"));
  const viaApt = missing.filter((name) => !viaArchive.includes(name));
  try {
    aptInstall(viaApt);
    viaArchive.forEach(extractBusybox);
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    say("trying again with fresh package lists (apt-get update)");
    apt(["update"]);
    aptInstall(viaApt);
    viaArchive.forEach(extractBusybox);
  }
}

function aptInstall(names) {
  // Until Debian 12 the client is part of docker.io and docker-cli does not exist.
  const known = names.filter((name) => name !== "docker-cli" || hasCandidate(name));
  if (known.length > 0) apt(["install", "-y", "--no-install-recommends", "--no-remove", ...known]);
}

/** busybox-static and busybox exclude each other; we do not remove a package of the user's, so take the file alone. */
function extractBusybox() {
  const directory = mkdtempSync(join(tmpdir(), "spanwire-busybox-"));
  try {
    runQuietly("apt-get", ["download", "busybox-static"], { cwd: directory });
    const archive = readdirSync(directory).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new InstallError("apt-get download busybox-static brought no file");
    runQuietly("dpkg-deb", ["-x", archive, "."], { cwd: directory });
    const program = ["bin/busybox", "usr/bin/busybox"].map((path) => join(directory, path)).find((path) => existsSync(path));
    if (program === undefined) throw new InstallError("the package busybox-static holds no busybox");
    mkdirSync("/var/cache/spanwire-lab", { recursive: true });
    copyFileSync(program, `${CACHED_BUSYBOX}.new`);
    renameSync(`${CACHED_BUSYBOX}.new`, CACHED_BUSYBOX);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function hasCandidate(name) {
  const { stdout } = spawnSync("apt-cache", ["policy", name], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  return /Candidate: (?!\(none\))/.test(stdout ?? "");
}

function isInstalled(name) {
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f=${db:Status-Status}", name], { encoding: "utf8" });
  return stdout === "installed";
}

/** Debian's way to keep maintainer scripts from starting services: policy-rc.d says 101, "forbidden" (invoke-rc.d(8)). */
function withoutServiceStarts(act) {
  if (existsSync(POLICY)) return act(); // somebody's own policy: it decides
  const remove = () => rmSync(POLICY, { force: true });
  const interrupted = () => {
    remove();
    process.exit(130);
  };
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  process.once("SIGINT", interrupted);
  try {
    act();
  } finally {
    remove();
    process.off("SIGINT", interrupted);
  }
}

/** Freshly installed for the lab only: it must not come up at the next boot either. */
function disableServices(name) {
  if (!hasCommand("systemctl")) return;
  const units = (SERVICE_UNITS[name] ?? []).filter((unit) => spawnSync("systemctl", ["cat", unit], { stdio: "ignore" }).status === 0);
  if (units.length === 0) return;
  runQuietly("systemctl", ["--quiet", "disable", ...units]);
  say(`the machine's own ${name} stays off, also after a reboot (undo: systemctl enable --now ${units.join(" ")})`);
}

function apt(args) {
  runQuietly("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=120", ...args], { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
}

/** Says nothing when all is well; its own words stand before the error's sentence. */
function runQuietly(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
  if (result.status === 0) return;
  throw new InstallError(`${result.stdout ?? ""}${result.stderr ?? ""}${command} ${args.join(" ")} failed (${describeEnd(result)})`);
}

function describeEnd(result) {
  return result.error?.message ?? result.signal ?? `exit ${result.status}`;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
