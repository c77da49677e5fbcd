import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ApplyInput, ApplyResult } from "../../engine/apply-plan.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { applyRecorded } from "./audit-log.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spanwire-audit-"));
  vi.stubEnv("XDG_STATE_HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(home, { recursive: true, force: true });
});

const plan = (steps: readonly object[]): object => ({ cluster: "c", clusterUuid: "u", hosts: [{ host: "vm1", steps }] });
const input = (steps: readonly object[]): ApplyInput =>
  ({ plan: plan(steps), operator: "ann@desk", transport: {} }) as unknown as ApplyInput;
const STEP = { id: "add/1", action: "add", key: "link/spwb", after: {} };
const RESULT: ApplyResult = { outcome: "applied", hosts: [{ host: "vm1", state: "new", detail: "" }], problems: [], notes: [] };
const lines = (): Record<string, unknown>[] =>
  readFileSync(join(home, "spanwire/audit.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("who, when, which plan, which steps where, and how it ended", async () => {
  expect(await applyRecorded(input([STEP]), async () => RESULT)).toBe(RESULT);
  const common = {
    at: expect.stringMatching(/^20.*Z$/),
    operator: "ann@desk",
    cluster: "c",
    clusterUuid: "u",
    planId: expect.stringMatching(/^[0-9a-f]{16}$/),
  };
  expect(lines()).toEqual([
    { ...common, event: "begin", hosts: [{ host: "vm1", steps: ["add/1 add link/spwb"] }] },
    { ...common, event: "end", outcome: "applied", hosts: RESULT.hosts, problems: [] },
  ]);
  const modes = ["spanwire", "spanwire/audit.jsonl"].map((path) => (statSync(join(home, path)).mode & 0o777).toString(8));
  expect(modes).toEqual(["700", "600"]);
});

test("a plan without steps leaves no line, one that throws leaves its end", async () => {
  await applyRecorded(input([]), async () => RESULT);
  await expect(applyRecorded(input([STEP]), () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  expect(lines().map(({ event, outcome }) => [event, outcome])).toEqual([
    ["begin", undefined],
    ["end", "unknown"],
  ]);
});

test("a log that cannot be written is told of, and stops nothing", async () => {
  let said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true));
  writeFileSync(join(home, "spanwire"), "");
  expect(await applyRecorded(input([STEP]), async () => RESULT)).toBe(RESULT);
  expect(said).toContain("warning: the audit log");
});

test("an interrupt leaves its end, and only one", async () => {
  const exit = vi.spyOn(process, "exit").mockImplementation((() => undefined) as never);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  let release = (): void => {};
  const held = new Promise<ApplyResult>((resolve) => (release = () => resolve(RESULT)));
  const done = interruptible(
    async () => {},
    () => applyRecorded(input([STEP]), () => held),
  );
  process.emit("SIGINT");
  await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(130));
  expect(lines().map(({ event, outcome }) => [event, outcome])).toEqual([
    ["begin", undefined],
    ["end", "interrupted"],
  ]);
  release();
  await done;
  expect(lines()).toHaveLength(2);
});
