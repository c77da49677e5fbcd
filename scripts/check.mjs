// `npm run check`: everything that can be said about the code without running it. `--fix` repairs what tools can.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { formatCounts } from "./counts.mjs";
import { ensureNodeModules, main, REPOSITORY } from "./install.mjs";

const NODE = join(REPOSITORY, "node_modules/.bin/node");
const tool = (name) => join("node_modules/.bin", name);

const CHECKS = [
  { name: "types", argv: [tool("tsc"), "-p", "."] },
  { name: "lint", argv: [tool("oxlint"), "--type-aware", "--deny-warnings", "--report-unused-disable-directives"] },
  { name: "imports between folders", argv: ["scripts/boundaries.mjs"] },
  { name: "unused code", argv: [tool("knip"), "--no-progress"] },
  { name: "format", argv: [tool("oxfmt"), "--check", "."] },
];
const FIXES = [
  { name: "lint", argv: [tool("oxlint"), "--type-aware", "--fix"] },
  { name: "format", argv: [tool("oxfmt"), "."] },
];

main(() => {
  ensureNodeModules();
  const results = (process.argv.includes("--fix") ? FIXES : CHECKS).map(runCheck);
  const failed = results.filter((isOk) => !isOk).length;
  process.stdout.write(`\n${formatCounts({ passed: results.length - failed, failed, skipped: 0 })}\n`);
  process.exit(failed > 0 ? 1 : 0);
});

/** A check that passes is one line; one that fails shows what the tool said. */
function runCheck({ name, argv }) {
  const since = performance.now();
  const { status, stdout, stderr, error } = spawnSync(NODE, argv, { cwd: REPOSITORY, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const isOk = status === 0;
  const spent = `${((performance.now() - since) / 1000).toFixed(1)} s`;
  process.stdout.write(`${isOk ? "ok    " : "FAILED"}  ${name.padEnd(24)} ${spent}\n`);
  if (!isOk) process.stdout.write(`${stdout ?? ""}${stderr ?? ""}${error === undefined ? "" : `${error.message}\n`}\n`);
  return isOk;
}
