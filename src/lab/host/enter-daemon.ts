import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describeRun, run } from "../../util/run.ts";

/**
 * Runs inside a lab host's new mount namespace, gives it a place of its own, and becomes dockerd (same process id).
 * The arguments: the directory to use as root ("/" or another Debian), then the daemon's argv.
 */
export async function enterDaemon([rootDirectory = "/", ...daemon]: readonly string[]): Promise<void> {
  await prepare(rootDirectory === "/" ? "" : rootDirectory);
  if (rootDirectory !== "/") await enterRoot(rootDirectory);
  await startContainerd(getOption(daemon, "--data-root"));
  const environment = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  if (process.execve === undefined) throw new Error("this Node cannot become another program (process.execve)");
  // env looks the daemon up in PATH, inside the root where it will run
  process.execve("/usr/bin/env", ["env", ...daemon, "--containerd", CONTAINERD_SOCKET], Object.fromEntries(environment));
}

/** Under it live the data of all lab hosts; dockerd must see them by the same path in every root. */
const DATA_ROOT = "/var/lib/spanwire-lab";

/** The places where dockerd would have its own containerd: one that it starts later, in a new life, finds the containers. */
const CONTAINERD_SOCKET = "/run/docker/containerd/containerd.sock";
const CONTAINERD_STATE = "/run/docker/containerd/daemon";
const POLL_MS = 50;

/**
 * dockerd gives a containerd of its own 15 s and then ends (moby, libcontainerd/supervisor/remote_daemon.go,
 * startupTimeout), which is too little on an emulated machine. This one is waited for, and ends with the process that
 * becomes dockerd (prctl(2), PR_SET_PDEATHSIG), as dockerd's own would.
 */
async function startContainerd(dataRoot: string): Promise<void> {
  mkdirSync(CONTAINERD_STATE, { recursive: true });
  const config = `${CONTAINERD_STATE}.toml`;
  writeFileSync(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'); // Kubernetes' part
  const places = ["--root", `${dataRoot}/containerd/daemon`, "--state", CONTAINERD_STATE, "--address", CONTAINERD_SOCKET];
  const argv = ["--pdeathsig", "KILL", "--", "containerd", "--config", config, ...places];
  const child = spawn("setpriv", argv, { stdio: ["ignore", "inherit", "inherit"] });
  let ended: string | undefined;
  child.on("error", (error) => (ended = error.message));
  child.on("exit", (code, signal) => (ended = signal ?? `exit ${code}`));
  while (!(await accepts(CONTAINERD_SOCKET))) {
    if (ended !== undefined) throw new Error(`containerd does not start: ${ended}`);
    await delay(POLL_MS); // a socket that does not exist yet cannot be waited for
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function getOption(argv: readonly string[], name: string): string {
  const value = argv[argv.indexOf(name) + 1];
  if (!argv.includes(name) || value === undefined) throw new Error(`the daemon's argv has no ${name}`);
  return value;
}

/** -n: without a note in the machine's /run/mount. */
async function must(...argv: [string, ...string[]]): Promise<void> {
  const result = await run(argv);
  if (result.exitCode !== 0) throw new Error(describeRun(result));
}

async function prepare(root: string): Promise<void> {
  // Our copies of the others' namespaces would keep those alive after their lab is gone.
  await must("umount", "-n", "--recursive", "--lazy", "/run/netns");
  if (root !== "") await fillRoot(root);
  await must("mount", "-n", "-t", "tmpfs", "-o", "mode=755", "tmpfs", `${root}/run`);
  // Docker 20.10 writes /etc/docker/key.json, its containerd makes /opt/containerd; the machine must not see them.
  for (const directory of ["/etc", "/opt"]) await overlay(root, directory);
  // A daemon.json there is meant for the machine's own Docker.
  rmSync(`${root}/etc/docker/daemon.json`, { force: true });
}

/** What another Debian needs of this machine. */
async function fillRoot(root: string): Promise<void> {
  await must("mount", "-n", "--bind", root, root); // so that what is mounted below belongs to it
  for (const directory of ["/proc", "/sys", "/dev", DATA_ROOT]) {
    mkdirSync(`${root}${directory}`, { recursive: true });
    await must("mount", "-n", "--rbind", directory, `${root}${directory}`);
  }
  await must("mount", "-n", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", `${root}/tmp`);
}

/** Writes to the directory go to memory and end with the daemon. */
async function overlay(root: string, directory: string): Promise<void> {
  const layers = `${root}/run/overlay${directory}`;
  for (const layer of ["upper", "work"]) mkdirSync(`${layers}/${layer}`, { recursive: true });
  const options = `lowerdir=${root}${directory},upperdir=${layers}/upper,workdir=${layers}/work`;
  await must("mount", "-n", "-t", "overlay", "-o", options, "overlay", `${root}${directory}`);
}

/**
 * Not chroot: a container that `docker exec` enters gets its mount namespace's root, which after a chroot would still be
 * this machine's (runc joins by setns(2)). pivot_root(2) moves the root of this process too.
 */
async function enterRoot(root: string): Promise<void> {
  mkdirSync(`${root}/run/former`);
  await must("pivot_root", root, `${root}/run/former`);
  process.chdir("/");
  await must("umount", "-n", "--lazy", "/run/former");
}
