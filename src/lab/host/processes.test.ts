import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { RUN_VARIABLE } from "../lab-names.ts";
import { findRunProcesses, killRunProcesses } from "./processes.ts";

test("a run's processes are found by what they were started with, and killed; we are spared", async () => {
  const runId = `unit${process.pid}`;
  const child = spawn("sleep", ["600"], { env: { ...process.env, [RUN_VARIABLE]: runId } });
  await once(child, "spawn");
  const exit = once(child, "exit");
  expect(findRunProcesses(runId, [])).toEqual([{ pid: child.pid, command: "sleep 600" }]);
  expect(findRunProcesses(`${runId}x`, [])).toEqual([]);
  await killRunProcesses(runId, []);
  expect(await exit).toEqual([null, "SIGKILL"]);
  expect(findRunProcesses(runId, [])).toEqual([]);
});
