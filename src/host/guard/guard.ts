import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SpanwireError } from "../../model/problem.ts";
import { isSameProcess, type ProcessIdentity } from "../../util/process-identity.ts";
import { CLEAN_ENV, describeRun, run } from "../../util/run.ts";
import { readBootTimeMs } from "../state/boot-time.ts";
import { findDeadline, moveDeadline, setDeadline } from "../change/deadline.ts";
import { clearGuard, guardFile } from "./guard-files.ts";
import { PATIENCE, PATIENCE_VARIABLE } from "../../util/patience.ts";
import { readJsonFile } from "../state/read-json-file.ts";
import { isSystemdOurs } from "../observe/systemd.ts";

/**
 * The dead-man's switch of a plan: a program of its own that outlives the host program and the connection, and takes the
 * host back when the deadline passes without a confirm (run-guard.ts).
 */
export interface Guard {
  /** Before the first step; throws when it cannot be installed. */
  arm(planId: string, withinMs: number): Promise<void>;
  /** The deadline is now so far away. */
  renew(planId: string, withinMs: number): void;
  /** The deadline is at least so far away: a batch may have claimed more. */
  extend(planId: string, withinMs: number): void;
  disarm(planId: string): Promise<void>;
}

export interface GuardWish {
  /** The state directory. */
  root: string;
  /** How to start this program again. */
  selfArgv: readonly string[];
  /** As a systemd timer, else as a process of its own. Default: a timer where this host's systemd runs. */
  asTimer?: boolean;
}

/** Node starts in 0.1 s, on a loaded machine in a few seconds. */
const READY_TIMEOUT_MS = Math.round(30_000 * PATIENCE);
const POLL_MS = 10;
/** What the program needs of this one's environment. */
const PASSED_ON = ["SPANWIRE_STATE_DIR", "SPANWIRE_HOST_NAME", "SPANWIRE_LAB_RUN", "DOCKER_HOST", PATIENCE_VARIABLE] as const;

export function createGuard({ root, selfArgv, asTimer = isSystemdOurs() }: GuardWish): Guard {
  const renew = (planId: string, withinMs: number): void => moveDeadline(root, { planId, atMs: readBootTimeMs() + withinMs });
  return {
    async arm(planId, withinMs) {
      // nobody can speak to a plan whose guard still starts: the deadline counts from when it watches
      await setDeadline(root, { planId, atMs: readBootTimeMs() + READY_TIMEOUT_MS + withinMs });
      if (asTimer) await startTimer(planId, withinMs, selfArgv);
      else await startProcess(root, planId, selfArgv);
      renew(planId, withinMs);
    },
    renew,
    extend(planId, withinMs) {
      const atMs = readBootTimeMs() + withinMs;
      const current = findDeadline(root);
      if (current?.planId === planId && current.atMs < atMs) moveDeadline(root, { planId, atMs });
    },
    async disarm(planId) {
      const watcher = await readJsonFile<ProcessIdentity>(join(root, guardFile(planId)));
      if (watcher !== undefined && isSameProcess(watcher)) process.kill(watcher.pid, "SIGTERM");
      await clearGuard(root, planId);
      if (asTimer) await run(["systemctl", "stop", `${unitName(planId)}.timer`]); // gone already when it has elapsed
    },
  };
}

const unitName = (planId: string): string => `spanwire-guard-${planId}`;
const guardArgs = (planId: string): string[] => ["host", "guard", planId];

/**
 * systemd.timer(5): OnActiveSec counts on the monotonic clock. The program it starts goes by the deadline file, which is
 * renewed meanwhile. Not part of the SSH session, so a logout does not take it along.
 */
async function startTimer(planId: string, withinMs: number, selfArgv: readonly string[]): Promise<void> {
  const environment = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [`--setenv=${name}=${process.env[name]}`]));
  const timing = [`--on-active=${Math.ceil(withinMs / 1000)}s`, "--timer-property=AccuracySec=100ms"];
  const unit = [`--unit=${unitName(planId)}`, "--collect", "--description=Spanwire: goes back unless the change is confirmed"];
  await run(["systemctl", "stop", `${unitName(planId)}.timer`]); // of an earlier attempt with the same plan
  const result = await run(["systemd-run", ...unit, ...timing, ...environment, "--", ...selfArgv, ...guardArgs(planId)]);
  if (result.exitCode !== 0) throw cannotArm(planId, describeRun(result));
}

async function startProcess(root: string, planId: string, selfArgv: readonly string[]): Promise<void> {
  const file = join(root, guardFile(planId));
  await rm(file, { force: true });
  const env = Object.fromEntries(PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const [command = "", ...args] = [...selfArgv, ...guardArgs(planId)];
  const child = spawn(command, args, { env: { ...CLEAN_ENV, ...env }, stdio: "ignore", detached: true, cwd: "/" });
  let ended: string | undefined;
  child.on("error", (error) => (ended = error.message));
  child.on("exit", (code, signal) => (ended = `it ended (${signal ?? `exit ${code}`})`));
  child.unref();
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const watcher = await readJsonFile<ProcessIdentity>(file);
    if (watcher !== undefined && isSameProcess(watcher)) break;
    if (ended !== undefined) throw cannotArm(planId, ended);
    if (performance.now() > deadline) throw cannotArm(planId, `it was not ready within ${READY_TIMEOUT_MS / 1000} s`);
    await wait(POLL_MS); // a file of another process that does not exist yet
  }
  child.removeAllListeners();
}

function cannotArm(planId: string, why: string): SpanwireError {
  return new SpanwireError({
    kind: "unsupported",
    doing: "starting the guard of",
    what: `plan ${planId}`,
    where: "",
    why: `${why}; without it nobody would take an unconfirmed change back`,
    try: "look at that host's log (journalctl), free memory, then run the same command again",
  });
}
