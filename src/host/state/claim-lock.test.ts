import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimLock, findLock, type LockHolder } from "./claim-lock.ts";

let root = "";
let path = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spanwire-claim-"));
  path = join(root, "lock.json");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const holder = (planId: string, pid: number): LockHolder => ({ planId, operator: "ann@desk", since: "2026-01-01T00:00:00Z", pid });
/** Above the kernel's largest process id (PID_MAX_LIMIT, 2^22). */
const NO_PROCESS = 2 ** 22 + 1;
const INIT = 1;

test("F10: a living holder keeps it, and is named", async () => {
  await writeFile(path, JSON.stringify(holder("a", INIT)));
  expect(await claimLock(path, holder("b", process.pid))).toEqual(holder("a", INIT));
  expect(await readdir(root)).toEqual(["lock.json"]);
});

test("the lock of a process that is gone is taken over", async () => {
  await writeFile(path, JSON.stringify(holder("a", NO_PROCESS)));
  expect(await claimLock(path, holder("b", process.pid))).toBeUndefined();
  expect(await readdir(root)).toEqual(["lock.json"]);
});

test("F15: a lock that a power cut left empty holds nobody up", async () => {
  await writeFile(path, "");
  expect(await findLock(path)).toBeUndefined();
  expect(await claimLock(path, holder("b", process.pid))).toBeUndefined();
  expect(await findLock(path)).toMatchObject({ planId: "b" });
  expect(await readdir(root)).toEqual(["lock.json"]);
});
