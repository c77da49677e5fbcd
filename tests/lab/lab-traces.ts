import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LabWish } from "../../src/lab/lab-shape.ts";
import { stopLab } from "../../src/lab/stop-lab.ts";
import { run } from "../../src/util/run.ts";

/** Unique, so runs of this suite never collide: 36^6 names. */
export const uniqueRunId = (): string => `t${randomInt(36 ** 6).toString(36)}`;

/**
 * Everything on this machine that bears a run's name, found without the code under test. Empty before a lab and after.
 */
export async function findTraces(runId: string): Promise<string[]> {
  const ours = new RegExp(`spx-${runId}-|spanwire-lab/${runId}(/|$)`);
  const links = (await run(["ip", "-brief", "link"])).stdout.split("\n").filter((line) => ours.test(line) || /^(data|mgmt)\d/.test(line));
  const namespaces = (await run(["ip", "netns", "list"])).stdout.split("\n").filter((line) => ours.test(line));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => ours.test(line));
  const files = [`/run/spanwire-lab/${runId}`, `/var/lib/spanwire-lab/${runId}`].filter((path) => existsSync(path));
  return [
    ...links.map((line) => `link ${line}`),
    ...namespaces.map((line) => `namespace ${line}`),
    ...mounts.map((line) => `mount ${line}`),
    ...findCgroupTraces(ours).map((path) => `cgroup ${path}`),
    ...findProcessTraces(runId, ours).map((text) => `process ${text}`),
    ...files.map((path) => `file ${path}`),
  ];
}

function findCgroupTraces(ours: RegExp): string[] {
  const roots = ["/sys/fs/cgroup", ...readdirSync("/sys/fs/cgroup").map((name) => `/sys/fs/cgroup/${name}`)];
  return roots.flatMap((root) => list(root).map((name) => `${root}/${name}`)).filter((path) => ours.test(path));
}

/** By command line, environment, cgroup, and by a mount namespace of its own that holds our directories. */
function findProcessTraces(runId: string, ours: RegExp): string[] {
  const mine = String(process.pid);
  return list("/proc")
    .filter((pid) => /^\d+$/.test(pid) && pid !== mine)
    .filter((pid) => {
      const words = `${read(pid, "cmdline")}\0${read(pid, "environ")}`.split("\0");
      const tagged = words.some((word) => ours.test(word) || word === `SPANWIRE_LAB_RUN=${runId}`);
      const isDead = /^State:\s+Z/m.test(read(pid, "status")); // init has not collected it yet
      return !isDead && (tagged || ours.test(read(pid, "cgroup")) || (hasOwnMounts(pid) && ours.test(read(pid, "mountinfo"))));
    })
    .map((pid) => `${pid} ${read(pid, "cmdline").replaceAll("\0", " ")}`);
}

const hasOwnMounts = (pid: string): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync("/proc/self/ns/mnt");
  } catch {
    return false;
  }
};

const list = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

const read = (pid: string, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};

/** What the child process runs: a `lab up` that says on stdout where it is. */
const UP = `
  const { startLab } = await import(process.argv[1]);
  await startLab({ ...JSON.parse(process.argv[2]), onProgress: (phrase) => process.stdout.write(phrase + "\\n") });
  process.stdout.write("done\\n");
`;

/** Starts a lab in another process and kills that (SIGKILL) some time after it said something: on a fast machine earlier. */
export async function killLabUp(wish: LabWish & { runId: string }, phrase: RegExp, afterMs: number): Promise<void> {
  for (let waitMs = afterMs; !(await killOnce(wish, phrase, waitMs)); waitMs /= 2) await stopLab(wish.runId);
}

/** False when the lab was up before it could be killed. */
async function killOnce(wish: LabWish & { runId: string }, phrase: RegExp, afterMs: number): Promise<boolean> {
  const module = new URL("../../src/lab/start-lab.ts", import.meta.url);
  const child = spawn(process.execPath, ["--input-type=module", "-e", UP, fileURLToPath(module), JSON.stringify(wish)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
  const said = new Promise<void>((resolve) =>
    createInterface({ input: child.stdout }).on("line", (line) => phrase.test(line) && resolve()),
  );
  await Promise.race([said, ended]);
  setTimeout(() => child.kill("SIGKILL"), afterMs);
  return (await ended) === "SIGKILL";
}
