import { mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RestorePoint } from "../../plan/compile/restore-point.ts";
import { openStateDirectory, type LockHolder, type StateDirectory } from "./state-directory.ts";

let root: string;
let state: StateDirectory;
const holder = (planId: string, pid: number): LockHolder => ({ planId, operator: "ann@desk", since: "2026-01-01T00:00:00Z", pid });
/** A process that lives as long as this test does, and is not this one. */
const LIVING_PID = 1;
/** Above the kernel's limit (PID_MAX_LIMIT, 2^22). */
const DEAD_PID = 5_000_000;

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "spanwire-state-")), "state");
  state = openStateDirectory(root);
});
afterEach(() => rm(join(root, ".."), { recursive: true, force: true }));

test("F10: a lock whose process lives is told to the second operator, also for the same plan", async () => {
  expect(await state.acquireLock(holder("a", LIVING_PID))).toBeUndefined();
  expect(await state.acquireLock(holder("b", process.pid))).toMatchObject({ planId: "a", operator: "ann@desk" });
  expect(await state.acquireLock(holder("a", process.pid))).toMatchObject({ planId: "a" });
});

test("F04: a lock whose process is gone is taken over", async () => {
  await state.acquireLock(holder("a", DEAD_PID));
  expect(await state.acquireLock(holder("b", process.pid))).toBeUndefined();
  expect((await state.findLock())?.planId).toBe("b");
});

test("F12: of a confirm and a deadline the first one counts, and both are told", async () => {
  await state.acquireLock(holder("a", DEAD_PID));
  expect(state.findVerdict("a")).toBeUndefined();
  expect(await state.decide("a", "reverting")).toBe("reverting");
  expect(await state.decide("a", "confirmed")).toBe("reverting");
  const many = await Promise.all(Array.from({ length: 20 }, (_, index) => state.decide("b", index % 2 === 0 ? "confirmed" : "reverting")));
  expect(new Set(many).size).toBe(1);
  expect(await state.decide("b", "reverting", { overrule: true })).toBe("reverting");
  expect(state.findVerdict("b")).toBe("reverting");
  await state.forgetVerdict("a");
  expect(state.findVerdict("a")).toBeUndefined();
});

test("F15: a journal whose last line is torn still says how the plan ended, or that it did not", async () => {
  await state.acquireLock(holder("a", process.pid));
  state.append("a", { event: "begin" });
  expect(await state.findLastPlan()).toEqual({ planId: "a", state: "unfinished" });
  state.append("a", { event: "finished" });
  const { appendFile } = await import("node:fs/promises");
  await appendFile(join(root, "journal", "a.jsonl"), '{"event":"rev');
  expect(await state.findLastPlan()).toEqual({ planId: "a", state: "finished" });
  state.append("a", { event: "begin" });
  expect(await state.findLastPlan()).toEqual({ planId: "a", state: "unfinished" });
  expect(state.readJournal("a")).toEqual([{ event: "begin" }]);
});

test("F15: a damaged file of former values is an error, never an empty memory", async () => {
  await state.writeFormer({ "net.ipv4.ip_forward": "0" });
  expect(await state.readFormer()).toEqual({ "net.ipv4.ip_forward": "0" });
  const { writeFile } = await import("node:fs/promises");
  await writeFile(join(root, "former.json"), '{"net.ipv4');
  await expect(state.readFormer()).rejects.toThrow("is damaged");
});

test("directories are 0700, files 0600, and only ten journals are kept", async () => {
  for (let index = 0; index < 13; index++) {
    await state.acquireLock(holder(`plan${index}`, process.pid));
    state.append(`plan${index}`, { event: "begin" });
    await state.releaseLock(`plan${index}`);
  }
  await state.writeFormer({ a: "1" });
  await state.clean(false);
  const journals = await readdir(join(root, "journal"));
  expect(journals).toHaveLength(10);
  expect((await stat(root)).mode & 0o777).toBe(0o700);
  for (const file of [join(root, "former.json"), join(root, "journal", journals[0] ?? "")])
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  await state.clean(true);
  await expect(stat(root)).rejects.toThrow("ENOENT");
});

test("F13: the journal of a plan that has not ended is found, also when the clock once ran ahead", async () => {
  await state.acquireLock(holder("old", process.pid));
  state.append("old", { event: "begin" });
  state.append("old", { event: "finished" });
  const ahead = new Date(Date.now() + 86_400_000);
  await utimes(join(root, "journal", "old.jsonl"), ahead, ahead);
  expect(await state.findLastPlan()).toEqual({ planId: "old", state: "finished" });
  state.append("new", { event: "begin" });
  expect(await state.findLastPlan()).toEqual({ planId: "new", state: "unfinished" });
});

test("a confirm that is taken back leaves the restore point that was there before, or none", async () => {
  const point = (planId: string): RestorePoint => ({ clusterUuid: "c", address: "192.0.2.1", planId, resources: [] });
  const ids = async (): Promise<string[]> => (await state.readPoints()).map(({ planId }) => planId);
  await state.preparePoint(point("a"));
  await state.keepPoint("a");
  expect(await ids()).toEqual(["a"]);
  await state.takeBackPoint("a", "c");
  expect(await ids()).toEqual([]);
  await state.preparePoint(point("a"));
  await state.keepPoint("a");
  await state.dropPoint("a");
  await state.preparePoint(point("b"));
  await state.keepPoint("b");
  expect(await ids()).toEqual(["b"]);
  await state.takeBackPoint("b", "c");
  await state.dropPoint("b");
  expect(await ids()).toEqual(["a"]);
  await state.takeBackPoint("a", "c"); // ended long ago: nothing to take back
  expect(await ids()).toEqual(["a"]);
  expect(await readdir(join(root, "confirmed"))).toEqual(["c.json"]);
});
