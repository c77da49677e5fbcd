// Runs one of vitest's projects (vitest.config.ts) and counts. Plain JavaScript for Node 18.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "./install.mjs";

export const NODE = join(REPOSITORY, "node_modules/.bin/node");
const VITEST = join(REPOSITORY, "node_modules/vitest/vitest.mjs");

/** Its counts (see counts.mjs); `env` is added to the environment. Ends this process when it was interrupted. */
export function runProject(project, args, env = {}) {
  process.stdout.write(`\n${project} tier\n`);
  const directory = mkdtempSync(join(tmpdir(), "spanwire-test-"));
  const report = join(directory, "report.json");
  const argv = [
    VITEST,
    "run",
    "--project",
    project,
    "--passWithNoTests",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...args,
  ];
  const { status, signal } = spawnSync(NODE, argv, { cwd: REPOSITORY, stdio: "inherit", env: { ...process.env, ...env } });
  const counts = countReport(report, status === 0);
  rmSync(directory, { recursive: true, force: true });
  if (signal === "SIGINT" || status === 130) process.exit(130);
  return counts;
}

/** A file that could not be loaded, a crash and an unhandled error have no test of their own and count as one failure. */
function countReport(path, endedWell) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !endedWell ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
