import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DockerFlavour, LabHost } from "../../src/lab/lab-state.ts";
import { CLEAN_ENV, run, type RunResult } from "../../src/util/run.ts";
import { createClusterLab, demand, type ClusterLab } from "./cluster-lab.ts";
import { until } from "./until.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const BUILD = fileURLToPath(new URL("../../scripts/build.ts", import.meta.url));
const CLI_TIMEOUT_MS = 170_000;

/**
 * A host as it is on a server: its own /usr/local/lib, /var/lib, /run and /etc, so that what is placed there by one host
 * is not seen by another, nor by this machine. Then sshd, as the host's only way in.
 * Arguments: the host's Docker socket ("" for none), sshd's configuration.
 */
const HOST_SCRIPT = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/upper /run/work
if [ -n "$1" ]; then touch /run/docker.sock; mount --bind "$1" /run/docker.sock; fi
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755,size=200m tmpfs /usr/local/lib
mount -t tmpfs -o mode=755 tmpfs /usr/local/bin
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
for user in ops bare; do
  echo "$user:x:$((12000 + \${#user})):12000::/:/bin/sh" >>/etc/passwd
  echo "$user:*:19000::::::" >>/etc/shadow
done
mkdir -p /etc/sudoers.d
echo "ops ALL=(root) NOPASSWD: ALL" >/etc/sudoers.d/ops
exec /usr/sbin/sshd -D -e -f "$2"`;

export interface SshLab extends ClusterLab {
  /** Where the keys, the known hosts and the configuration of the operator's ssh are. */
  readonly desk: string;
  readonly sshConfig: string;
  /** The command line at the operator's desk: a namespace that sees the hosts' management addresses and nothing else. */
  overSsh(argv: readonly string[], env?: Record<string, string>): Promise<RunResult>;
  mustOverSsh(...argv: string[]): Promise<RunResult>;
  /** The same, for somebody who ends it before it is done. */
  startOverSsh(...argv: string[]): ChildProcess;
  /** Log-ins that a host's sshd has let in so far. */
  logins(host: string): number;
  /** A command on a host, by the same ssh. */
  login(destination: string, command: string): Promise<RunResult>;
  /** Another sshd on a host, with lines of its own in front; answers the path of its log. */
  serve(host: string, port: number, ...lines: string[]): Promise<string>;
}

export interface SshLabWish {
  docker: DockerFlavour;
  hosts?: number;
  /** The hosts section is written by hostLines() of this file. */
  spec: string;
}

export const sshHostLines = (count: number, user = ""): string =>
  Array.from({ length: count }, (_, index) => `  vm${index + 1}: { address: 10.99.0.${index + 1}, ssh: ${user}vm${index + 1} }`).join("\n");

/** A lab whose hosts are reached by ssh alone. */
export async function createSshLab(wish: SshLabWish): Promise<SshLab> {
  await ensureExecutable();
  const cluster = await createClusterLab(wish);
  const desk = await mkdtemp(join(tmpdir(), "spanwire-desk-"));
  const down = async (): Promise<void> => {
    await cluster.down(); // ends what runs in its namespaces: sshd, and ssh's shared connections
    await rm(desk, { recursive: true, force: true });
  };
  const sshConfig = join(desk, "config");
  const inDesk = ["nsenter", `--net=/run/netns/${cluster.lab.switchNamespace}`, "--"] as const;
  await fillDesk(cluster, desk, sshConfig).catch(async (error) => {
    await down();
    throw error;
  });

  const deskEnv = { NO_COLOR: "1", SPANWIRE_SSH_CONFIG: sshConfig, XDG_RUNTIME_DIR: desk, XDG_STATE_HOME: join(desk, "state") };
  const overSsh: SshLab["overSsh"] = (argv, env = {}) =>
    run([...inDesk, process.execPath, MAIN, ...argv], { cwd: cluster.directory, env: { ...deskEnv, ...env }, timeoutMs: CLI_TIMEOUT_MS });
  return {
    ...cluster,
    ...{ desk, sshConfig, overSsh },
    mustOverSsh: async (...argv) => demand(await overSsh(argv)),
    startOverSsh: (...argv) =>
      spawn(inDesk[0], [...inDesk.slice(1), process.execPath, MAIN, ...argv], {
        cwd: cluster.directory,
        env: { ...CLEAN_ENV, ...deskEnv },
        stdio: "ignore",
      }),
    logins: (host) => readFileSync(join(desk, `${host.replace("vm", "h")}-22.sshd.log`), "utf8").split("Accepted publickey").length - 1,
    login: (destination, command) =>
      run([...inDesk, "ssh", "-F", sshConfig, "-o", "BatchMode=yes", "-o", "ControlPath=none", "--", destination, command]),
    async serve(name, port, ...lines) {
      const host = cluster.lab.hosts.find(({ index }) => name === `vm${index}`);
      if (host === undefined) throw new Error(`no host ${name}`);
      const config = writeServerConfig(host, desk, port, lines);
      const log = `${config}.log`;
      // sshd wants its own path to be absolute, and a folder for its unprivileged half (sshd(8))
      await startServer(
        host,
        [
          "unshare",
          "--mount",
          "sh",
          "-c",
          `mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f "$1"`,
          "sh",
          config,
        ],
        log,
      );
      return log;
    },
    down,
  };
}

/** Keys, configuration, and a server on every host. */
async function fillDesk(cluster: ClusterLab, desk: string, sshConfig: string): Promise<void> {
  await chmod(desk, 0o711); // sshd reads authorized keys as the user who logs in
  await makeKey(join(desk, "key"));
  await Promise.all(cluster.lab.hosts.map((host) => startHost(cluster, host, desk)));
  writeFileSync(sshConfig, renderClientConfig(cluster.lab.hosts, desk));
  writeFileSync(
    join(desk, "known_hosts"),
    cluster.lab.hosts.map((host) => `${host.managementAddress} ${readFileSync(join(desk, `${host.name}.key.pub`), "utf8")}`).join(""),
  );
}

let built: Promise<void> | undefined;

/** What runs on the hosts is the executable, made from the sources as they are now. */
function ensureExecutable(): Promise<void> {
  built ??= run([process.execPath, BUILD, "--no-packages"], { timeoutMs: CLI_TIMEOUT_MS }).then((result) => void demand(result));
  return built;
}

async function makeKey(path: string): Promise<void> {
  demand(await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "spanwire-test", "-f", path]));
}

/** Other servers of the tests: name, the host where it runs, port, under which name its key is looked up. */
const ALIASES = [
  ["vm2-unknown", 2, 2201, "never-seen"],
  ["vm2-in-the-middle", 3, 2202, "192.168.250.2"],
  ["vm2-without-key", 2, 2203, "192.168.250.2"],
  ["vm2-garbage", 2, 2204, "192.168.250.2"],
] as const;

function renderClientConfig(hosts: readonly LabHost[], desk: string): string {
  return [
    ...hosts.map((host) => `Host vm${host.index}\n  HostName ${host.managementAddress}`),
    ...ALIASES.map(([alias, index, port, key]) => `Host ${alias}\n  HostName 192.168.250.${index}\n  Port ${port}\n  HostKeyAlias ${key}`),
    "Host vm2-by-jump\n  HostName 192.168.250.2\n  ProxyJump vm1",
    "Host *",
    "  User root",
    `  IdentityFile ${desk}/key`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${desk}/known_hosts`,
    "  GlobalKnownHostsFile /dev/null",
    "",
  ].join("\n");
}

async function startHost(cluster: ClusterLab, host: LabHost, desk: string): Promise<void> {
  await makeKey(join(desk, `${host.name}.key`));
  const config = writeServerConfig(host, desk, 22, []);
  const socket = cluster.lab.docker === "none" ? "" : host.dockerSocket;
  await startServer(
    host,
    ["unshare", "--mount", "--propagation", "private", "sh", "-c", HOST_SCRIPT, "sh", socket, config],
    `${config}.log`,
  );
}

/** The first value of a key wins (sshd_config(5)). */
function writeServerConfig(host: LabHost, desk: string, port: number, lines: readonly string[]): string {
  const path = join(desk, `${host.name}-${port}.sshd`);
  const config = [
    ...lines,
    `ListenAddress ${host.managementAddress}:${port}`,
    `HostKey ${desk}/${host.name}.key`,
    `AuthorizedKeysFile ${desk}/key.pub`,
    "StrictModes no", // the keys are in a folder of /tmp
    "PidFile none",
    "UsePAM no",
    "LogLevel VERBOSE",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
  ];
  writeFileSync(path, `${config.join("\n")}\n`);
  return path;
}

async function startServer(host: LabHost, argv: readonly string[], logFile: string): Promise<void> {
  const log = openSync(logFile, "a", 0o600);
  const child = spawn("nsenter", [`--net=/run/netns/${host.namespace}`, "--", ...argv], {
    env: CLEAN_ENV,
    stdio: ["ignore", log, log],
    detached: true, // ended with everything else in the namespace
  });
  child.unref();
  closeSync(log);
  await until(
    async () => readFileSync(logFile, "utf8"),
    (text) => {
      if (child.exitCode !== null) throw new Error(`sshd of ${host.name} ended: ${text}`);
      return text.includes("Server listening");
    },
  );
}
