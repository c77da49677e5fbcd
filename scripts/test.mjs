// `npm test`: unit tests, and as root the lab tests. Arguments go to vitest. Plain JavaScript for Node 18.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureNodeModules, ensureSystemPackages, InstallError, LAB_PACKAGES, main, REPOSITORY } from "./install.mjs";
import { addCounts, formatCounts } from "./counts.mjs";

const NODE = join(REPOSITORY, "node_modules/.bin/node");
const VITEST = join(REPOSITORY, "node_modules/vitest/vitest.mjs");
/** What the lab tests want beyond a lab: they look at packets, use Compose, log in, and install packages. */
const TEST_PACKAGES = [...LAB_PACKAGES, "debootstrap", "docker-compose", "openssh-client", "openssh-server", "sudo", "tcpdump"];

main(() => {
  ensureNodeModules();
  const args = process.argv.slice(2);
  const missing = findWhyNoLab();
  const runs = [runProject("unit", args), ...(missing === undefined ? [runProject("lab", args)] : [])];
  if (missing !== undefined) process.stdout.write(`\n*** not tested: lab tier: ${missing}\n`);
  process.stdout.write("*** not tested: vm tier: a machine of its own needs `npm run vm:demo`\n\n");
  const total = runs.reduce(addCounts);
  process.stdout.write(`${formatCounts(total)}\n`);
  process.exit(total.failed > 0 ? 1 : 0);
});

/** Why the lab tier cannot run here; undefined when it can. */
function findWhyNoLab() {
  if (process.getuid?.() !== 0) return "it needs root";
  try {
    ensureSystemPackages(TEST_PACKAGES);
  } catch (error) {
    if (error instanceof InstallError) return error.message;
    throw error;
  }
}

function runProject(project, args) {
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
  const { status, signal } = spawnSync(NODE, argv, { cwd: REPOSITORY, stdio: "inherit" });
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
