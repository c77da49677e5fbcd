import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, type RunOptions, type RunResult } from "../../src/util/run.ts";
import { demand } from "../lab/cluster-lab.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
export const DESK_ADDRESS = "10.99.0.254";

/**
 * The operator's desk: a network of its own, in which the machines are plugged, and a home with SSH keys of its own. It
 * is the namespaces of one process, which ends with this one: whatever kills the tests leaves nothing behind.
 */
export interface Desk {
  /** Files of this run, on this machine's disk. */
  readonly directory: string;
  /** Of the unnamed namespaces: what is started in them by nsenter(1). */
  readonly enter: readonly string[];
  exec(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  spanwire(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Name and address of a machine, for ~/.ssh/config, and its host key, for ~/.ssh/known_hosts. */
  addServer(name: string, address: string): Promise<ServerKeys>;
  close(): Promise<void>;
}

/** What a machine must be given so that the desk may log in and knows whom it speaks to. */
export interface ServerKeys {
  authorizedKey: string;
  hostKey: string;
}

/** `taps`: one port each on the desk's switch, for qemu. */
export async function createDesk(taps: readonly string[]): Promise<Desk> {
  const directory = await mkdtemp(join(tmpdir(), "spanwire-vm-"));
  const home = join(directory, "home");
  await mkdir(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  await must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "desk", "-f", join(home, ".ssh/id_ed25519"));
  await writeFile(join(directory, "passwd"), await passwdWithHome(home)); // OpenSSH asks getpwuid(3), not $HOME
  const holder = await holdNamespaces();
  const enter = ["nsenter", "--target", String(holder.pid), "--net", "--mount", "--pid", "--"];
  const exec: Desk["exec"] = (argv, options = {}) =>
    run([...enter, ...argv] as [string, ...string[]], { ...options, env: { HOME: home, XDG_RUNTIME_DIR: directory, ...options.env } });
  const close = async (): Promise<void> => {
    await holder.end();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    demand(await exec(["mount", "-n", "--bind", join(directory, "passwd"), "/etc/passwd"]));
    demand(await exec(["ip", "-batch", "-"], { stdin: switchWith(taps) }));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...{ directory, enter, exec, close },
    spanwire: (argv, options = {}) =>
      // a mount namespace is entered at its root
      exec(["env", `--chdir=${directory}`, process.execPath, MAIN, ...argv], {
        timeoutMs: 30 * 60_000,
        ...options,
        env: { NO_COLOR: "1", SPANWIRE_PATIENCE: "10", ...options.env },
      }),
    addServer: (name, address) => addServer(home, name, address),
  };
}

function switchWith(taps: readonly string[]): string {
  const ports = taps.map((tap) => `tuntap add ${tap} mode tap\nlink set ${tap} master lan0\nlink set ${tap} up\n`);
  return `link set lo up\nlink add lan0 type bridge\naddr add ${DESK_ADDRESS}/24 dev lan0\nlink set lan0 up\n${ports.join("")}`;
}

/** An init of its own (--kill-child, pid_namespaces(7)): with it ends everything that was started at the desk. */
async function holdNamespaces(): Promise<{ pid: number; end(): Promise<void> }> {
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", "unshare", ...namespaces, "--", "sh", "-c", "echo ready; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited]);
  const init = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")).trim();
  if (!/^\d+$/.test(init)) throw new Error("namespaces for the operator's desk could not be made");
  return {
    pid: Number(init),
    async end() {
      child.stdin.end(); // cat ends, and with it the namespaces
      await exited;
    },
  };
}

async function addServer(home: string, name: string, address: string): Promise<ServerKeys> {
  const key = join(home, `host-key-${name}`);
  await must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key);
  const publicKey = await readFile(`${key}.pub`, "utf8");
  const append = { flag: "a", mode: 0o600 };
  await writeFile(join(home, ".ssh/known_hosts"), `${address},${name} ${publicKey}`, append);
  await writeFile(join(home, ".ssh/config"), `Host ${name}\n  HostName ${address}\n  HostKeyAlias ${address}\n`, append);
  const hostKey = await readFile(key, "utf8");
  await rm(key);
  return { authorizedKey: await readFile(join(home, ".ssh/id_ed25519.pub"), "utf8"), hostKey };
}

async function passwdWithHome(home: string): Promise<string> {
  return (await readFile("/etc/passwd", "utf8")).replace(/^(root:[^:]*:0:0:[^:]*:)[^:]*/m, `$1${home}`);
}

async function must(...argv: [string, ...string[]]): Promise<void> {
  demand(await run(argv));
}
