import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withAudit } from "./audit-log.ts";
import { openStateDirectory, type StateDirectory } from "./state-directory.ts";

const PLAN = "00000000000000aa";
let root: string;
let state: StateDirectory;
beforeEach(async () => {
  root = join(mkdtempSync(join(tmpdir(), "spanwire-audit-")), "state");
  state = withAudit(openStateDirectory(root), root, () => new Date(0));
  await state.acquireLock({ planId: PLAN, operator: "ann@desk", since: "", pid: process.pid });
});
afterEach(() => rmSync(join(root, ".."), { recursive: true, force: true }));

const lines = (): unknown[] =>
  readFileSync(join(root, "audit.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

test("who, when, plan, step, result; for the owner alone", async () => {
  const step = { id: "add/1", action: "add", key: "link/spwb", after: { secret: "not here" } };
  state.append(PLAN, { event: "begin", operator: "ann@desk", clusterUuid: "c", steps: [step] });
  state.append(PLAN, { event: "intent", phase: "add", batch: 0, tool: "ip", steps: ["add/1"] });
  state.append(PLAN, { event: "result", phase: "add", batch: 0, ok: false, why: "no" });
  await state.decide(PLAN, "confirmed");
  state.append(PLAN, { event: "finished" });
  const common = { at: "1970-01-01T00:00:00.000Z", planId: PLAN, operator: "ann@desk" };
  expect(lines()).toEqual([
    { ...common, event: "begin", cluster: "c", steps: ["add/1 add link/spwb"] },
    { ...common, event: "result", phase: "add", steps: ["add/1"], ok: false, why: "no" },
    { ...common, event: "confirmed" },
    { ...common, event: "finished" },
  ]);
  expect(statSync(join(root, "audit.jsonl")).mode & 0o777).toBe(0o600);
});

test("a log that cannot be written stops nothing", () => {
  const elsewhere = withAudit(openStateDirectory(root), join(root, "missing"));
  elsewhere.append(PLAN, { event: "finished" });
  expect(readFileSync(join(root, "journal", `${PLAN}.jsonl`), "utf8")).toContain("finished");
});
