import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FaultMoment } from "../../src/host/faulty-system.ts";
import type { Footprint } from "../../src/host/normalise-footprint.ts";
import type { Step } from "../../src/plan/step.ts";
import { CLEAN_ENV, run } from "../../src/util/run.ts";
import { createClusterLab, demand, footprintChanges, hostLines, type ClusterLab } from "../lab/cluster-lab.ts";
import { until } from "../lab/until.ts";
import type { DrillResult } from "./rollback-drill.ts";

const FAULTS = ["kill host program", "kill controller", "cut link", "reboot", "disk full"] as const;
type Fault = (typeof FAULTS)[number];
const MOMENTS = ["before", "inside", "after"] as const satisfies FaultMoment[];

interface Cell {
  step: Pick<Step, "id" | "key" | "stage">;
  moment: FaultMoment;
  fault: Fault;
}

export interface KillMatrixResult extends DrillResult {
  /** Cells a fault, and cells a kind of step. */
  byFault: Record<string, number>;
  byKind: Record<string, number>;
  confirmWithinS: number;
}

export interface KillMatrixWish {
  seed: number;
  /** Undefined: all of them. */
  cells: number | undefined;
  say(text: string): void;
}

const CONFIRM_WITHIN_S = 2;
/** A machine with other work to do. */
const PATIENCE_MS = 120_000;
const STATE_BYTES = 4 * 1024 * 1024;
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const CHANGES = ["more: { subnet: 10.80.0.0/16, docker: none }", "other: { subnet: 10.96.0.0/16, docker: none }"] as const;

const specOf = (change: string): string => `
version: 1
cluster: drill
hosts:
${hostLines(2)}
networks:
  apps: { subnet: 10.64.0.0/16, docker: none }
  ${change}
`;

/** Every step of a change x moment x fault on vm1; each must end old or new, and the next apply converges. */
export async function drillKillMatrix({ seed, cells: limit, say }: KillMatrixWish): Promise<KillMatrixResult> {
  const cluster = await createClusterLab({ docker: "none", hosts: 2, spec: specOf(CHANGES[0]) });
  const result: KillMatrixResult = { runs: 0, failures: [], byFault: {}, byKind: {}, confirmWithinS: CONFIRM_WITHIN_S };
  const state = cluster.lab.hosts[0]!.stateDirectory;
  // a disk of its own that can be full
  demand(await run(["mount", "-t", "tmpfs", "-o", `size=${STATE_BYTES},mode=700`, "tmpfs", state]));
  try {
    await cluster.must("apply", "--no-verify");
    let next = 1;
    const all = await listCells(cluster, next);
    for (const cell of shuffle(all, seed).slice(0, limit ?? all.length)) {
      await cluster.writeSpec(specOf(CHANGES[next] ?? ""));
      const wrong = await drillCell(cluster, cell).catch((error: unknown) => [String(error)]);
      const name = `${cell.step.id} ${cell.step.key.split("/")[0]} ${cell.moment} ${cell.fault}`;
      result.runs += 1;
      result.byFault[cell.fault] = (result.byFault[cell.fault] ?? 0) + 1;
      result.byKind[cell.step.key.split("/")[0] ?? ""] = (result.byKind[cell.step.key.split("/")[0] ?? ""] ?? 0) + 1;
      result.failures.push(...wrong.map((text) => `${name}: ${text.slice(0, 300)}`));
      say(`${wrong.length === 0 ? "ok    " : "FAILED"} ${name}${wrong.map((text) => `\n       ${text}`).join("")}`);
      next = 1 - next;
    }
  } finally {
    await run(["umount", "-l", state]);
    await cluster.down();
  }
  return result;
}

async function listCells(cluster: ClusterLab, next: number): Promise<Cell[]> {
  await cluster.writeSpec(specOf(CHANGES[next] ?? ""));
  const { hosts } = await cluster.plan();
  // both changes have the same steps, so a cell of one is a cell of the other
  const steps = hosts.find(({ host }) => host === "vm1")?.steps ?? [];
  return steps.flatMap((step) => MOMENTS.flatMap((moment) => FAULTS.map((fault): Cell => ({ step, moment, fault }))));
}

/** The same order for the same seed (mulberry32). */
function shuffle(cells: readonly Cell[], seed: number): Cell[] {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return cells
    .map((cell) => ({ cell, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ cell }) => cell);
}

/** What was not as specified, in words. */
async function drillCell(cluster: ClusterLab, { step, moment, fault }: Cell): Promise<string[]> {
  const before = await footprints(cluster);
  await strike(cluster, { step, moment, fault });
  const isOld = async (): Promise<boolean> => footprintChanges(before, await footprints(cluster)).length === 0;
  const wrong: string[] = [];
  // after the confirm nothing goes back
  if (step.stage !== "remove") {
    const ended = await until(isOld, Boolean, PATIENCE_MS).catch(() => false);
    if (!ended)
      wrong.push(
        `not as before: ${footprintChanges(before, await footprints(cluster))
          .slice(0, 3)
          .join("; ")}`,
      );
  }
  await cluster.must("apply", "--no-verify");
  const keys = await cluster.planKeys();
  if (Object.keys(keys).length > 0) wrong.push(`the next apply did not converge: ${JSON.stringify(keys)}`);
  return wrong;
}

/** Journals stay: they are the record of what was tried, and not what the host does. */
async function footprints(cluster: ClusterLab): Promise<Record<string, Footprint>> {
  const read = await cluster.footprints();
  const isState = (path: string): boolean => !/^(journal\/|audit\.jsonl)/.test(path);
  return Object.fromEntries(
    Object.entries(read).map(([host, found]) => [host, { ...found, stateFiles: found.stateFiles.filter(isState) }]),
  );
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
  return spawn(process.execPath, [MAIN, "apply", "--no-verify", "--confirm-within", String(CONFIRM_WITHIN_S)], {
    cwd: cluster.directory,
    env: { ...CLEAN_ENV, SPANWIRE_LAB: cluster.lab.runId, NO_COLOR: "1", SPANWIRE_FAULT: fault },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
