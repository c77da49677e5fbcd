import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compareFootprints, type Footprint } from "../footprint/normalise-footprint.ts";
import { hostEnvironment } from "../../src/lab/host/host-environment.ts";
import { IMAGE, runDirectory } from "../../src/lab/lab-names.ts";
import { writeLabState, type DockerFlavour, type LabHost, type LabState } from "../../src/lab/lab-state.ts";
import type { OvsChoice } from "../../src/lab/host/ovs-datapath.ts";
import { startLab } from "../../src/lab/start-lab.ts";
import { stopLab } from "../../src/lab/stop-lab.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Lock } from "../../src/model/lock.ts";
import { run, type RunResult } from "../../src/util/run.ts";
import { createFootprintReader } from "./footprint-reader.ts";
import { uniqueRunId } from "./lab-traces.ts";
import { PATIENCE } from "./patience.ts";

/** The sources, or a bundle of them, which starts faster where that counts (tests/vm/kernel-lab.vm.test.ts). */
const MAIN = process.env["SPANWIRE_MAIN"] ?? fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** Host programs that break where a test says. A bundle has none. */
export const FAULTY_HOST = fileURLToPath(new URL("../fault/faulty-host.ts", import.meta.url));
const CLI_TIMEOUT_MS = 240_000 * PATIENCE;

export interface Container {
  host: string;
  name: string;
  id: string;
  pid: number;
  address: string;
}

/** A lab, a spec file in a directory of its own, and the command line as a user has it. Hosts are vm1, vm2, ... */
export interface ClusterLab {
  readonly lab: LabState;
  readonly directory: string;
  readonly lockPath: string;
  writeSpec(text: string): Promise<void>;
  /** The command line as a child process; `env` is added to it. */
  spanwire(argv: readonly string[], env?: Record<string, string>): Promise<RunResult>;
  /** The same, and a failure is an error that shows what it said. */
  must(...argv: string[]): Promise<RunResult>;
  /** "add link/spwb..." per host that has steps. */
  planKeys(): Promise<Record<string, string[]>>;
  plan(): Promise<Plan>;
  readLock(): Promise<Lock>;
  /** A command in a host's network namespace, with its Docker. */
  exec(host: string, ...argv: string[]): Promise<RunResult>;
  /** The same; a failure is an error. Answers stdout. */
  on(host: string, ...argv: string[]): Promise<string>;
  startContainer(host: string, name: string, network: string, ...options: string[]): Promise<Container>;
  /** A command of the host's in a container's network namespace. */
  inside(container: Pick<Container, "host" | "pid">, ...argv: string[]): Promise<RunResult>;
  journals(host: string): Promise<string[]>;
  footprints(): Promise<Record<string, Footprint>>;
  down(): Promise<void>;
}

export interface ClusterLabWish {
  hosts?: number;
  docker: DockerFlavour;
  /** Default: the hosts have no Open vSwitch. */
  ovs?: OvsChoice;
  spec: string;
}

export async function createClusterLab(wish: ClusterLabWish): Promise<ClusterLab> {
  const runId = uniqueRunId();
  const directory = await mkdtemp(join(tmpdir(), "spanwire-cluster-"));
  const file = join(directory, "spanwire.yaml");
  await writeFile(file, wish.spec);
  const lab = await startLab({ runId, hosts: wish.hosts ?? 3, docker: wish.docker, ovs: wish.ovs ?? "none" }).catch(async (error) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  if (process.env["SPANWIRE_MAIN"] === undefined) writeLabState({ ...lab, hostProgram: [process.execPath, FAULTY_HOST] });
  const readers = lab.hosts.map((host) => createFootprintReader(lab, host));
  const hostOf = (name: string): LabHost => {
    const found = lab.hosts[Number(name.replace("vm", "")) - 1];
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  };
  const lockPath = join(runDirectory(runId), "spanwire.lock");

  const spanwire: ClusterLab["spanwire"] = (argv, env = {}) =>
    run([process.execPath, MAIN, ...argv], {
      cwd: directory,
      env: { SPANWIRE_LAB: runId, NO_COLOR: "1", ...env },
      timeoutMs: CLI_TIMEOUT_MS,
    });
  const exec: ClusterLab["exec"] = (name, ...argv) => {
    const host = hostOf(name);
    return run(["nsenter", `--net=/run/netns/${host.namespace}`, "--", ...argv], {
      env: hostEnvironment(lab, host),
      timeoutMs: CLI_TIMEOUT_MS,
    });
  };
  const on: ClusterLab["on"] = async (name, ...argv) => demand(await exec(name, ...argv)).stdout;
  const must: ClusterLab["must"] = async (...argv) => demand(await spanwire(argv));
  const plan = async (): Promise<Plan> => JSON.parse((await must("plan", "--json")).stdout) as Plan;

  return {
    ...{ lab, directory, lockPath, spanwire, exec, on, must, plan },
    writeSpec: (text) => writeFile(file, text),
    async planKeys() {
      const { hosts } = await plan();
      return Object.fromEntries(
        hosts.flatMap(({ host, steps }) => (steps.length === 0 ? [] : [[host, steps.map((step) => `${step.action} ${step.key}`).sort()]])),
      );
    },
    readLock: async () => JSON.parse(await readFile(lockPath, "utf8")) as Lock,
    async startContainer(host, name, network, ...options) {
      const id = (await on(host, "docker", "run", "-d", "--name", name, "--network", network, ...options, IMAGE, "sleep", "100000")).trim();
      const [details] = JSON.parse(await on(host, "docker", "inspect", id)) as [
        { State: { Pid: number }; NetworkSettings: { Networks: Record<string, { IPAddress: string }> } },
      ];
      return { host, name, id, pid: details.State.Pid, address: details.NetworkSettings.Networks[network]?.IPAddress ?? "" };
    },
    inside: (container, ...argv) => exec(container.host, "nsenter", `--net=/proc/${container.pid}/ns/net`, "--", ...argv),
    async journals(host) {
      const result = await run(["ls", `${hostOf(host).stateDirectory}/journal`]);
      return result.stdout.split("\n").filter((name) => name.endsWith(".jsonl"));
    },
    footprints: async () =>
      Object.fromEntries(await Promise.all(readers.map(async (reader, index) => [`vm${index + 1}`, await reader.read()] as const))),
    async down() {
      await Promise.all(readers.map((reader) => reader.end()));
      await stopLab(runId);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function demand(result: RunResult): RunResult {
  if (result.exitCode === 0) return result;
  throw new Error(`\`${result.argv.join(" ")}\` exited ${result.exitCode}\n${result.stdout}\n${result.stderr}`);
}

/** Lines that differ, with the host's name in front; empty when every host is as it was. */
export function footprintChanges(before: Record<string, Footprint>, after: Record<string, Footprint>): string[] {
  return Object.entries(before).flatMap(([host, footprint]) => {
    const now = after[host];
    return now === undefined ? [`${host}: not read`] : compareFootprints(footprint, now).map((line) => `${host} ${line}`);
  });
}

export const hostLines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `  vm${index + 1}: { address: 10.99.0.${index + 1} }`).join("\n");
