import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLEAN_ENV, run } from "../../src/util/run.ts";
import { createClusterLab, demand, footprintChanges, type ClusterLab } from "../lab/cluster-lab.ts";
import { until } from "../lab/until.ts";
import { footprintsOf } from "./footprints-of.ts";
import { listCells, SCENES, shuffle, specOf, type Cell, type Scene } from "./kill-cells.ts";
import type { DrillResult } from "./rollback-drill.ts";

export interface KillMatrixResult extends DrillResult {
  /** Cells a fault, and cells a kind of step. */
  byFault: Record<string, number>;
  byKind: Record<string, number>;
  confirmWithinS: number;
  /** All there are; `runs` is how many of them were struck. */
  cells: number;
}

export interface KillMatrixWish {
  seed: number;
  /** By name; undefined: all of them. */
  scene?: string | undefined;
  /** Of each scene; undefined: all of them. */
  cells: number | undefined;
  /** So many labs share the cells of a scene and work side by side: a cell mostly waits. Default 1. */
  labs?: number;
  say(text: string): void;
}

/** Long enough for a machine that others use too; a host that hears nothing waits as long. */
const CONFIRM_WITHIN_S = 5;
/** A machine with other work to do. */
const PATIENCE_MS = 120_000;
const STATE_BYTES = 4 * 1024 * 1024;
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Every step of a change x moment x fault on vm1; each must end old or new, and the next apply converges. */
export async function drillKillMatrix(wish: KillMatrixWish): Promise<KillMatrixResult> {
  const { labs = 1 } = wish;
  const result: KillMatrixResult = { runs: 0, failures: [], byFault: {}, byKind: {}, confirmWithinS: CONFIRM_WITHIN_S, cells: 0 };
  for (const scene of SCENES.filter(({ name }) => name === (wish.scene ?? name))) {
    const shares = Array.from({ length: labs }, (_, share) => drillScene(scene, { ...wish, labs, share }, result));
    // every lab is gone before anything is said of one that failed
    for (const share of await Promise.allSettled(shares)) if (share.status === "rejected") throw share.reason;
  }
  return result;
}

interface SceneWish extends KillMatrixWish {
  labs: number;
  /** Which of the labs this is, from 0. */
  share: number;
}

async function drillScene(scene: Scene, { seed, cells: limit, labs, share, say }: SceneWish, result: KillMatrixResult): Promise<void> {
  const { docker, ovs, changes } = scene;
  const cluster = await createClusterLab({ docker, ovs, hosts: 2, spec: specOf(changes[0]) });
  const state = cluster.lab.hosts[0]!.stateDirectory;
  // a disk of its own that can be full
  demand(await run(["mount", "-t", "tmpfs", "-o", `size=${STATE_BYTES},mode=700`, "tmpfs", state]));
  try {
    await cluster.must("apply", "--yes", "--no-verify");
    let next = 1;
    await cluster.writeSpec(specOf(changes[1]));
    // both changes have the same steps, so a cell of one is a cell of the other
    const steps = (await cluster.plan()).hosts.find(({ host }) => host === "vm1")?.steps ?? [];
    const cells = shuffle(listCells(scene, steps), seed);
    if (share === 0) result.cells += cells.length;
    for (const cell of cells.slice(0, limit ?? cells.length).filter((_, index) => index % labs === share)) {
      await cluster.writeSpec(specOf(changes[next] ?? ""));
      const wrong = await drillCell(cluster, cell).catch((error: unknown) => [String(error)]);
      record(result, scene, cell, wrong);
      say(`${wrong.length === 0 ? "ok    " : "FAILED"} ${nameOf(scene, cell)}${wrong.map((text) => `\n       ${text}`).join("")}`);
      next = 1 - next;
    }
  } finally {
    await run(["umount", "-l", state]);
    await cluster.down();
  }
}

const nameOf = ({ name }: Scene, { step, kind, moment, fault }: Cell): string => `${name} ${step.id} ${kind} ${moment} ${fault}`;

function record(result: KillMatrixResult, scene: Scene, cell: Cell, wrong: readonly string[]): void {
  result.runs += 1;
  result.byFault[cell.fault] = (result.byFault[cell.fault] ?? 0) + 1;
  result.byKind[cell.kind] = (result.byKind[cell.kind] ?? 0) + 1;
  result.failures.push(...wrong.map((text) => `${nameOf(scene, cell)}: ${text.slice(0, 300)}`));
}

/** What was not as specified, in words. */
async function drillCell(cluster: ClusterLab, cell: Cell): Promise<string[]> {
  const before = await footprintsOf(cluster);
  await strike(cluster, cell);
  const isOld = async (): Promise<boolean> => footprintChanges(before, await footprintsOf(cluster)).length === 0;
  const wrong: string[] = [];
  // after the confirm nothing goes back
  if (cell.step.stage !== "remove") {
    const ended = await until(isOld, Boolean, PATIENCE_MS).catch(() => false);
    if (!ended)
      wrong.push(
        `not as before: ${footprintChanges(before, await footprintsOf(cluster))
          .slice(0, 3)
          .join("; ")}`,
      );
  }
  await cluster.must("apply", "--yes", "--no-verify");
  const keys = await cluster.planKeys();
  if (Object.keys(keys).length > 0) wrong.push(`the next apply did not converge: ${JSON.stringify(keys)}`);
  return wrong;
}

async function strike(cluster: ClusterLab, { step, moment, fault }: Cell): Promise<void> {
  const at = `vm1/${step.id}=${moment}`;
  const act = { "kill host program": "kill", "disk full": "fill", "kill controller": "pause", "cut link": "pause", reboot: "pause" }[fault];
  const state = cluster.lab.hosts[0]!.stateDirectory;
  const mark = join(dirname(state), "paused");
  const controller = startApply(cluster, `${at}:${act}`);
  let said = "";
  for (const stream of [controller.stdout, controller.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  const ended = once(controller, "exit");
  try {
    if (act === "pause") await until(async () => existsSync(mark) || controller.exitCode !== null, Boolean, PATIENCE_MS);
    if (controller.exitCode !== null && act === "pause") throw new Error(`the step was never reached: ${said.slice(-400)}`);
    if (fault === "kill controller") controller.kill("SIGKILL");
    if (fault === "cut link") controller.kill("SIGSTOP");
    if (fault === "reboot") await cluster.must("lab", "reboot", "h1", "--run", cluster.lab.runId);
    // after the confirm the host program finishes what it was told, and waits for nobody
    if (fault === "cut link" && step.stage !== "remove")
      await until(async () => !existsSync(join(state, "lock.json")), Boolean, PATIENCE_MS);
  } finally {
    await rm(mark, { force: true });
    if (fault === "cut link") controller.kill("SIGKILL");
    await ended;
    await mkdir(state, { recursive: true });
    await rm(join(state, "ballast"), { force: true });
  }
}

function startApply(cluster: ClusterLab, fault: string): ChildProcess {
  return spawn(process.execPath, [MAIN, "apply", "--yes", "--no-verify", "--confirm-within", String(CONFIRM_WITHIN_S)], {
    cwd: cluster.directory,
    env: { ...CLEAN_ENV, SPANWIRE_LAB: cluster.lab.runId, NO_COLOR: "1", SPANWIRE_FAULT: fault },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
