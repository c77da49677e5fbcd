import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { createFakeHost, type FakeHost } from "../../../tests/fake/fake-system.ts";
import { THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import { planIdOf } from "../../model/plan.ts";
import { processIdentity } from "../../util/process-identity.ts";
import { readBootTimeMs } from "../state/boot-time.ts";
import { findDeadline, moveDeadline, setDeadline } from "../change/deadline.ts";
import { createGuard } from "./guard.ts";
import { guardFile } from "./guard-files.ts";
import { runGuard } from "./run-guard.ts";
import { openStateDirectory, type LockHolder, type StateDirectory } from "../state/state-directory.ts";
import { beginTransaction } from "../change/transaction.ts";

/** The guard with a real state directory; the host is a fake one, its host program a process that does nothing. */
let root = "";
let planId = "";
let host: FakeHost;
let state: StateDirectory;
let before = "";
let hostProgram: ReturnType<typeof spawn>;

const dump = (): string => {
  const { links, addresses, nftTables, fdb, sysctls } = host.snapshot();
  return JSON.stringify([links.map((link) => ({ ...link, index: 0 })), addresses, nftTables, fdb, sysctls]);
};

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "spanwire-guard-")), "state");
  state = openStateDirectory(root);
  const cluster = toCluster(THREE_HOSTS);
  const plan = await createFakeFleet(cluster.hosts).plan(cluster);
  const mine = plan.hosts[0]!;
  host = createFakeHost(mine.host, mine.address);
  before = dump();
  planId = planIdOf(plan);
  const input = {
    planId,
    clusterUuid: plan.clusterUuid,
    address: mine.address,
    basis: mine.basis,
    operator: "ann@desk",
    steps: mine.steps,
  };
  const transaction = await beginTransaction(input, host, state);
  await transaction.runStage("add");
  hostProgram = spawn("sleep", ["600"]);
  await once(hostProgram, "spawn");
  const lock = JSON.parse(await readFile(join(root, "lock.json"), "utf8")) as LockHolder;
  await writeFile(join(root, "lock.json"), JSON.stringify({ ...lock, ...processIdentity(hostProgram.pid!) }));
});
afterEach(async () => {
  hostProgram.kill("SIGKILL");
  await rm(join(root, ".."), { recursive: true, force: true });
});

const guard = (): Promise<void> => runGuard({ planId, root, system: host, state });
const inMs = (ms: number): { planId: string; atMs: number } => ({ planId, atMs: readBootTimeMs() + ms });

test("F04: a dead host program: it does not wait for the deadline", async () => {
  await setDeadline(root, inMs(3_600_000));
  expect(dump()).not.toBe(before);
  const guarding = guard();
  hostProgram.kill("SIGKILL");
  await guarding;
  expect(dump()).toBe(before);
});

test("F05, F13: one that hangs is ended after the deadline, which counts from the machine's start, and the host goes back", async () => {
  await setDeadline(root, inMs(100));
  const ended = once(hostProgram, "exit");
  await guard();
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(dump()).toBe(before);
});

test("a deadline that moves away is not met, also while the disk is full: it is written in place", async () => {
  await setDeadline(root, inMs(200));
  moveDeadline(root, inMs(3_600_000));
  const guarding = guard();
  await new Promise((resolve) => setTimeout(resolve, 600)); // three times the first deadline: absence can only be waited for
  expect(hostProgram.exitCode).toBeNull();
  expect(dump()).not.toBe(before);
  await state.decide(planId, "confirmed");
  await guarding;
  expect(dump()).not.toBe(before);
});

test("a deadline that moves away when it has just passed, because the guard was slow to start, is not met either", async () => {
  await setDeadline(root, inMs(-100));
  const guarding = guard();
  await new Promise((resolve) => setTimeout(resolve, 500)); // it has seen that the deadline is over, and its grace runs
  moveDeadline(root, inMs(3_600_000));
  await new Promise((resolve) => setTimeout(resolve, 2500)); // longer than its grace: absence can only be waited for
  expect(hostProgram.exitCode ?? hostProgram.signalCode).toBeNull();
  await state.decide(planId, "confirmed");
  await guarding;
  expect(dump()).not.toBe(before);
});

test("F12: after a confirm it goes away and changes nothing", async () => {
  await setDeadline(root, inMs(0));
  await state.decide(planId, "confirmed");
  const changed = dump();
  await guard();
  expect(dump()).toBe(changed);
  expect(hostProgram.exitCode).toBeNull();
});

test("F10: it leaves a plan alone that somebody else has taken over", async () => {
  await setDeadline(root, inMs(0));
  await writeFile(join(root, "lock.json"), JSON.stringify({ planId: "another", operator: "ben", since: "", pid: 1 }));
  const changed = dump();
  await guard();
  expect(dump()).toBe(changed);
});

test("the deadline counts from when the guard watches: one that starts slowly does not find it over", async () => {
  const seen = join(root, "seen");
  const script = `
    import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
    setTimeout(() => {
      copyFileSync(${JSON.stringify(join(root, "deadline"))}, ${JSON.stringify(seen)});
      const stat = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
      writeFileSync(${JSON.stringify(join(root, guardFile(planId)))}, JSON.stringify({ pid: process.pid, startTicks: stat[19] }));
      setInterval(() => {}, 1000);
    }, 300);`;
  const slow = createGuard({ root, selfArgv: [process.execPath, "--input-type=module", "--eval", script, "--"], asTimer: false });
  const startedAt = readBootTimeMs();
  await slow.arm(planId, 200);
  try {
    expect(Number((await readFile(seen, "utf8")).split(" ").at(-1))).toBeGreaterThan(startedAt + 10_000);
    expect(findDeadline(root)!.atMs).toBeLessThanOrEqual(Math.ceil(readBootTimeMs()) + 200);
  } finally {
    await slow.disarm(planId);
  }
});

test("a word moves the deadline away and never nearer, and not that of another plan", async () => {
  const { extend } = createGuard({ root, selfArgv: ["true"], asTimer: false });
  const now = readBootTimeMs();
  await setDeadline(root, { planId, atMs: now + 60_000 });
  extend(planId, 1000);
  expect(findDeadline(root)).toEqual({ planId, atMs: Math.round(now + 60_000) });
  extend(planId, 3_600_000);
  expect(findDeadline(root)!.atMs).toBeGreaterThan(now + 3_000_000);
  const { atMs } = findDeadline(root)!;
  extend("another", 7_200_000);
  expect(findDeadline(root)).toEqual({ planId, atMs });
});

test("when its plan has ended it takes its own files away, and none of a plan that has begun meanwhile", async () => {
  const theirs = { planId: "f".repeat(16), atMs: 1000 };
  await setDeadline(root, inMs(0));
  // the last thing that a revert does: the lock is free by then
  const clean = async (): Promise<void> => {
    await setDeadline(root, theirs);
    await writeFile(join(root, guardFile(theirs.planId)), "{}");
  };
  hostProgram.kill("SIGKILL");
  await once(hostProgram, "exit");
  await runGuard({ planId, root, system: host, state: { ...state, clean } });
  expect(findDeadline(root)).toEqual(theirs);
  expect(existsSync(join(root, guardFile(theirs.planId)))).toBe(true);
  expect(existsSync(join(root, guardFile(planId)))).toBe(false);

  const { disarm } = createGuard({ root, selfArgv: ["true"], asTimer: false });
  await disarm(planId);
  expect(findDeadline(root)).toEqual(theirs);
  await disarm(theirs.planId);
  expect(findDeadline(root)).toBeUndefined();
});
