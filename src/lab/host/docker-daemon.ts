import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SpanwireError } from "../../model/problem.ts";
import { CLEAN_ENV } from "../../util/run.ts";
import { SELF_ARGV } from "../../util/self-argv.ts";
import { findDockerVersion } from "../../util/docker-request.ts";
import { hostCgroup, namespacePath, RUN_VARIABLE } from "../lab-names.ts";
import { findHostProcesses } from "./processes.ts";
import type { LabHost, LabState } from "../lab-state.ts";

/** About 2 s on a normal machine; an emulated one (qemu without KVM) that is loaded besides, minutes. */
const READY_TIMEOUT_MS = 600_000;
const POLL_MS = 50;
const LOG_TAIL_LINES = 12;

const daemonLog = (host: LabHost): string => `${host.directory}/dockerd.log`;

/** Starts a host's dockerd and waits until it answers; returns its version. `rootDirectory`: another Debian to run it from. */
export async function startDaemon(lab: LabState, host: LabHost, rootDirectory: string | undefined, signal?: AbortSignal): Promise<string> {
  mkdirSync(host.directory, { recursive: true, mode: 0o711 });
  const log = openSync(daemonLog(host), "a", 0o600);
  const [command, ...args] = [...enterHost(host, rootDirectory), ...daemonArgv(lab, host)] as [string, ...string[]];
  const child = spawn(command, args, {
    env: { ...CLEAN_ENV, [RUN_VARIABLE]: lab.runId },
    stdio: ["ignore", log, log],
    detached: true, // outlives us
  });
  closeSync(log);
  child.unref();
  return awaitDaemon(host, child, signal);
}

/** Beside the containers of a dockerd that was killed (their runtime goes on without it), or into a place made for it. */
function enterHost(host: LabHost, rootDirectory: string | undefined): string[] {
  const network = `--net=${namespacePath(host.namespace)}`;
  const [left] = findHostProcesses(host.namespace, /^containerd/);
  if (left !== undefined) return ["nsenter", network, `--mount=/proc/${left.pid}/ns/mnt`, "--"];
  // Slave: what the machine unmounts is not kept alive by our copy, and nothing of ours gets out (mount_namespaces(7)).
  const unshare = ["unshare", "--mount", "--propagation", "slave"];
  const entry = [...SELF_ARGV, "enter-daemon", rootDirectory ?? "/"];
  return ["nsenter", network, "--", ...unshare, "--", ...entry];
}

function daemonArgv(lab: LabState, host: LabHost): string[] {
  return [
    "dockerd",
    "--host",
    `unix://${host.dockerSocket}`,
    "--data-root",
    `${host.directory}/docker`,
    // In the private /run: short enough for unix sockets (sun_path has 108 bytes) and gone with the daemon.
    "--exec-root",
    "/run/docker",
    "--pidfile",
    "/run/docker.pid",
    // The systemd driver would ask the machine's systemd for slices; with this one we know where the cgroups are.
    "--exec-opt",
    "native.cgroupdriver=cgroupfs",
    "--cgroup-parent",
    `/${hostCgroup(lab.runId, host.index)}`,
  ];
}

async function awaitDaemon(host: LabHost, child: ChildProcess, signal?: AbortSignal): Promise<string> {
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, killedBy) => {
    ended = `it ended (${killedBy ?? `exit ${code}`})`;
  });
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    if (ended !== undefined) throw daemonProblem(host, ended);
    const version = existsSync(host.dockerSocket) ? await findDockerVersion(host.dockerSocket) : undefined;
    if (version !== undefined) {
      child.removeAllListeners();
      return version;
    }
    if (performance.now() > deadline) throw daemonProblem(host, `it did not answer within ${READY_TIMEOUT_MS / 1000} s`);
    await delay(POLL_MS); // a socket that does not exist yet cannot be waited for
  }
}

function daemonProblem(host: LabHost, why: string): SpanwireError {
  const lines = existsSync(daemonLog(host)) ? readFileSync(daemonLog(host), "utf8").trim().split("\n").slice(-LOG_TAIL_LINES) : [];
  return new SpanwireError({
    kind: "command",
    doing: "starting",
    what: "dockerd",
    where: host.name,
    why: `${why}; its last words:\n${lines.map((line) => `    ${line}`).join("\n")}`,
    try: "correct what the log names, then run `spanwire lab up` again",
  });
}
