import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { run } from "../../src/util/run.ts";
import { SCENES } from "./kill-cells.ts";
import { drillKillMatrix } from "./kill-matrix.ts";
import { drillLockout } from "./lockout-drill.ts";
import { drillRollbackOnHosts } from "./rollback-on-hosts.ts";
import { drillRollback } from "./rollback-drill.ts";

/**
 * `npm run drill [-- --only NAME --seed N --runs N --host-runs N --cells N --labs N]`: all drills or one; each one's figures,
 * with seed and commit, go to docs/drills.json. The kill matrix needs root: hosts are made of namespaces.
 */
const REPORT = fileURLToPath(new URL("../../docs/drills.json", import.meta.url));

const wish = { type: "string" } as const;
const { values } = parseArgs({ options: { only: wish, seed: wish, runs: wish, "host-runs": wish, cells: wish, labs: wish } });
const seed = Number(values.seed ?? 1);
const runs = Number(values.runs ?? 200);
/** A real host takes some hundred times as long as one in memory. */
const hostRuns = Number(values["host-runs"] ?? 50);
const cells = values.cells === undefined ? undefined : Number(values.cells);
const labs = Number(values.labs ?? 1);
const commit = (await run(["git", "rev-parse", "HEAD"], { cwd: fileURLToPath(new URL(".", import.meta.url)) })).stdout.trim();
const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Report {
  version: 1;
  kind: "drills";
  drills: Record<string, unknown>;
}

const report: Report = await readFile(REPORT, "utf8").then(
  (text) => JSON.parse(text) as Report,
  () => ({ version: 1, kind: "drills", drills: {} }),
);
let failed = 0;

async function drill(name: string, act: () => Promise<{ failures: string[] }>): Promise<void> {
  const result = await act();
  failed += result.failures.length;
  report.drills[name] = { commit, seed, ...result, failures: result.failures.length, failed: result.failures.slice(0, 20) };
  await writeFile(REPORT, `${JSON.stringify(report, null, 2)}\n`); // a matrix of an hour may be stopped
  say(`${name}: ${JSON.stringify(report.drills[name])}`);
}

const DRILLS: Record<string, { needsRoot: boolean; act: () => Promise<{ failures: string[] }> }> = {
  rollback: { needsRoot: false, act: () => drillRollback(seed, runs) },
  lockout: { needsRoot: false, act: () => drillLockout(seed, runs) },
  rollbackOnHosts: { needsRoot: true, act: () => drillRollbackOnHosts(seed, hostRuns) },
  ...Object.fromEntries(
    SCENES.map(({ name }) => [
      `killMatrix:${name}`,
      { needsRoot: true, act: () => drillKillMatrix({ seed, scene: name, cells, labs, say }) },
    ]),
  ),
};

const { only } = values;
if (only !== undefined && DRILLS[only] === undefined) {
  say(`no drill "${only}"; there are ${Object.keys(DRILLS).join(", ")}`);
  process.exit(2);
}
for (const [name, { needsRoot, act }] of Object.entries(DRILLS)) {
  if (name !== (only ?? name)) continue;
  if (needsRoot && process.getuid?.() !== 0) say(`*** not tested: ${name}: it needs root`);
  else await drill(name, act);
}
say(`${failed === 0 ? "all as specified" : `${failed} NOT as specified`}; written to ${REPORT}`);
process.exit(failed === 0 ? 0 : 1);
