import { findHandler } from "../../rpc/methods.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeHost } from "../../../tests/fake/fake-system.ts";
import { RESTORE_JOURNAL } from "../state/journal.ts";
import { createRecoveryMethods } from "./recovery-methods.ts";
import { openStateDirectory, type StateDirectory } from "../state/state-directory.ts";

const PLAN = "0123456789abcdef";
let root = "";
let state: StateDirectory;
let ask: (method: string, params?: unknown) => Promise<unknown>;

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "spanwire-pending-")), "state");
  state = openStateDirectory(root);
  const methods = createRecoveryMethods(createFakeHost("h1", "192.0.2.1"), state);
  ask = async (method, params = {}) => findHandler(methods, method)?.(params);
});
afterEach(() => rm(join(root, ".."), { recursive: true, force: true }));

const lock = (planId: string, since: string): Promise<unknown> =>
  state.acquireLock({ planId, operator: "ann@desk", since, pid: process.pid });

test.each([PLAN, RESTORE_JOURNAL])("between the lock and the journal of %s nothing is offered", async (planId) => {
  await lock(planId, "2026-01-01T00:00:00Z");
  expect(await ask("pending")).toMatchObject({ planId, offered: false, hosts: [] });
});

test("an offer carries the plan's hosts, and counts for this attempt alone", async () => {
  await lock(PLAN, "2026-01-01T00:00:00Z");
  state.append(PLAN, { event: "begin", at: "2026-01-01T00:00:00Z" });
  expect(await ask("pending")).toMatchObject({ offered: false });
  await ask("offer", { planId: PLAN, hosts: ["h1", "h2"] });
  expect(await ask("pending")).toMatchObject({ planId: PLAN, operator: "ann@desk", offered: true, hosts: ["h1", "h2"] });
  // the same plan again: it has the lock and has not begun
  await state.releaseLock(PLAN);
  expect(await ask("pending")).toEqual({});
  await lock(PLAN, "2026-01-01T00:05:00Z");
  expect(await ask("pending")).toMatchObject({ planId: PLAN, offered: false, hosts: [] });
});

test("B14: hosts of an offer are names", async () => {
  await lock(PLAN, "2026-01-01T00:00:00Z");
  for (const hosts of [undefined, [], "h1", ["-rf; reboot"], ["a".repeat(64)], [{}]])
    await expect(ask("offer", { planId: PLAN, hosts })).rejects.toThrow(/hosts/);
});
