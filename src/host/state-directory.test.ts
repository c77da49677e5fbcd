import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
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
