import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { findRunProcesses } from "../../src/lab/host/processes.ts";
import { CLEAN_ENV } from "../../src/util/run.ts";
import { createClusterLab, FAULTY_HOST, footprintChanges, hostLines, type ClusterLab } from "./cluster-lab.ts";
import { until } from "./until.ts";

/** Changes nobody confirms: whatever dies, a host is as before within its time, and the next apply converges. */
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const CONFIRM_WITHIN_S = 3;
/** A machine with other work to do. */
const PATIENCE_MS = 60_000;

let cluster: ClusterLab;
let before: Record<string, Footprint>;

const spec = (networks: string): string => `
version: 1
cluster: confirm
hosts:
${hostLines(2)}
networks:
  apps: { subnet: 10.64.0.0/16, docker: none }
${networks}`;
const CHANGES = ["  more: { subnet: 10.80.0.0/16, docker: none }\n", "  other: { subnet: 10.96.0.0/16, docker: none }\n"] as const;

/** Journals stay: they are the record of what was tried, and not what the host does. */
const footprints = async (): Promise<Record<string, Footprint>> =>
  Object.fromEntries(
    Object.entries(await cluster.footprints()).map(([host, footprint]) => [
      host,
      { ...footprint, stateFiles: footprint.stateFiles.filter((path) => !path.startsWith("journal/")) },
    ]),
  );

const awaitBefore = (): Promise<string[]> =>
  until(
    async () => footprintChanges(before, await footprints()),
    (changes) => changes.length === 0,
    PATIENCE_MS,
  );

/** The command line in the background. */
function start(argv: readonly string[], fault?: string): ChildProcess {
  return spawn(process.execPath, [MAIN, ...argv], {
    cwd: cluster.directory,
    env: {
      ...CLEAN_ENV,
      SPANWIRE_LAB: cluster.lab.runId,
      NO_COLOR: "1",
      ...(fault === undefined ? {} : { SPANWIRE_FAULT: `${fault}:pause` }),
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

const pauseMark = (host: number): string => join(dirname(cluster.lab.hosts[host - 1]!.stateDirectory), "paused");
const awaitPause = (host: number): Promise<boolean> => until(async () => existsSync(pauseMark(host)), Boolean, PATIENCE_MS);

/** The host programs and guards of the lab. */
const findPrograms = (): number[] =>
  findRunProcesses(cluster.lab.runId, [])
    .filter(({ command }) => [MAIN, FAULTY_HOST].some((program) => command.includes(program)))
    .map(({ pid }) => pid);

/** The change of a test: another network than the last one that was kept. */
let kept = 1;
async function prepareChange(): Promise<void> {
  await cluster.writeSpec(spec(CHANGES[1 - kept] ?? ""));
  before = await footprints();
}

async function expectConvergence(): Promise<void> {
  await cluster.must("apply", "--yes", "--no-verify");
  expect(await cluster.planKeys()).toEqual({});
  kept = 1 - kept;
}

beforeAll(async () => {
  cluster = await createClusterLab({ docker: "none", hosts: 2, spec: spec("") });
  await cluster.must("apply", "--yes", "--no-verify");
});
beforeEach(prepareChange);
afterAll(() => cluster?.down());

describe("an unconfirmed change", () => {
  const within = ["--confirm-within", String(CONFIRM_WITHIN_S)];

  test("F04: kill -9 of a host program in the middle of a batch", async () => {
    const result = await cluster.spanwire(["apply", "--yes", "--no-verify", ...within], { SPANWIRE_FAULT: "vm1/add/2=inside:kill" });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("vm1: unknown (it ended (SIGKILL)");
    expect(result.stderr).toContain("vm2: as before");
    await awaitBefore();
    await expectConvergence();
  });

  test("F03: kill -9 of the controller in the middle of a batch", async () => {
    const controller = start(["apply", "--yes", "--no-verify", ...within], "vm2/add/2=inside");
    await awaitPause(2);
    controller.kill("SIGKILL");
    await once(controller, "exit");
    await rm(pauseMark(2));
    await awaitBefore();
    await expectConvergence();
  });

  test("F05: the path dies without a word, and a host program hangs: the guard ends it", async () => {
    const controller = start(["apply", "--yes", "--no-verify", ...within], "vm1/switch/1=before");
    await awaitPause(1);
    controller.kill("SIGSTOP"); // nobody hears anything more, and no connection ends
    await awaitBefore(); // also vm1, whose host program waits for ever
    await rm(pauseMark(1));
    controller.kill("SIGKILL");
    await expectConvergence();
  });

  test("F05: everything stands still for longer than that, and goes on: what was said meanwhile is heard first", async () => {
    const controller = start(["apply", "--yes", "--no-verify", ...within], "vm1/switch/1=before");
    const ended = once(controller, "exit");
    await awaitPause(1);
    const programs = findPrograms();
    expect(programs).toHaveLength(4); // a host program and a guard on each host
    const all = [...programs, controller.pid!];
    for (const pid of all) process.kill(pid, "SIGSTOP");
    await delay(CONFIRM_WITHIN_S * 1000 + 500); // the fault itself
    for (const pid of all) process.kill(pid, "SIGCONT");
    await rm(pauseMark(1));
    expect((await ended)[0]).toBe(0);
    expect(await cluster.planKeys()).toEqual({});
    kept = 1 - kept;
  });

  test("F12: try: nobody says a word, and everything goes back", async () => {
    const result = await cluster.spanwire(["try", "--no-verify", ...within]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`nobody confirmed within ${CONFIRM_WITHIN_S} s`);
    expect(result.stderr).toContain("Nothing was changed: every host is as before.");
    expect(footprintChanges(before, await footprints())).toEqual([]);
  });

  test.each([
    ["try: Ctrl-C takes everything back", "SIGINT", 130],
    ["F03: try: the controller dies while it waits", "SIGKILL", null],
  ] as const)("%s", async (_title, signal, code) => {
    const controller = start(["try", "--no-verify", "--confirm-within", "600"]);
    await awaitWords(controller, "not yet confirmed");
    controller.kill(signal);
    expect((await once(controller, "exit"))[0]).toBe(code);
    await awaitBefore();
  });

  test("try: confirm in another terminal keeps it; a second confirm finds nothing to do", async () => {
    expect((await cluster.spanwire(["confirm"])).stderr).toContain("no host waits for a word");
    const controller = start(["try", "--no-verify", "--confirm-within", "600"]);
    const ended = once(controller, "exit");
    await awaitWords(controller, "not yet confirmed");
    expect((await cluster.must("confirm")).stdout).toBe("Confirmed: vm1, vm2.\n");
    expect((await ended)[0]).toBe(0);
    expect(await cluster.planKeys()).toEqual({});
    await expectConvergence();
  });

  test("try: Enter keeps it", async () => {
    const controller = start(["try", "--no-verify", "--confirm-within", "600"]);
    await awaitWords(controller, "not yet confirmed");
    controller.stdin!.write("\n");
    expect((await once(controller, "exit"))[0]).toBe(0);
    await expectConvergence();
  });

  test("F06: a power cut in the middle of a batch; the boot undoes it", async () => {
    const controller = start(["apply", "--yes", "--no-verify", "--confirm-within", "600"], "vm1/add/2=inside");
    const ended = once(controller, "exit");
    await awaitPause(1);
    await cluster.must("lab", "reboot", "h1", "--run", cluster.lab.runId);
    await ended;
    await rm(pauseMark(1));
    await awaitBefore();
    await expectConvergence();
  });
});

async function awaitWords(child: ChildProcess, words: string): Promise<void> {
  let text = "";
  child.stderr!.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  await until(
    async () => text,
    (said) => said.includes(words),
    PATIENCE_MS,
  );
}
