/**
 * How long a cluster of N hosts takes to compile and plan, and that it gives the same bytes every time.
 * `npm run bench`, or with sizes of your own: `npm run bench -- 100 2000`.
 */
import { createHash } from "node:crypto";
import { parseSpec } from "../src/file/parse-spec.ts";
import type { Cluster } from "../src/model/cluster.ts";
import type { Plan } from "../src/model/plan.ts";
import type { Snapshot } from "../src/model/snapshot.ts";
import { buildPlan } from "../src/plan/build-plan.ts";
import { packPlan } from "../src/plan/pack-lists.ts";
import { createFakeHost } from "../tests/fake/fake-system.ts";

const UUID = "11111111-2222-4333-8444-555555555555";
const SIZES = [10, 100, 1_000, 5_000];

/** As a file, so that parsing and checking are part of the number. */
function writeSpec(hostCount: number): string {
  const hosts = Array.from(
    { length: hostCount },
    (_, i) => `  h${i + 1}: { address: 10.${Math.floor(i / 62_500)}.${Math.floor(i / 250) % 250}.${(i % 250) + 1} }`,
  );
  return `version: 1\ncluster: bench\nhosts:\n${hosts.join("\n")}\nnetworks:\n  apps: { subnet: 172.16.0.0/12 }\n  data: { subnet: "fd00:80::/64", docker: none }\n`;
}

/** As `plan` makes it on hosts that have nothing of ours yet. */
function planAll(cluster: Cluster, snapshots: ReadonlyMap<string, Snapshot>): Plan {
  return buildPlan({ cluster, lock: undefined, freshUuid: UUID, snapshots, unreachable: [] });
}

/** Of a thousand hosts at most: writing a plan out takes longer than making it. */
function digestOf({ hosts }: Plan): string {
  const hash = createHash("sha256");
  const every = Math.ceil(hosts.length / 1_000);
  for (const [index, host] of hosts.entries()) if (index % every === 0) hash.update(JSON.stringify(host));
  return hash.digest("hex").slice(0, 12);
}

function time<T>(act: () => T): { ms: number; result: T } {
  const start = performance.now();
  const result = act();
  return { ms: performance.now() - start, result };
}

interface Row {
  hosts: number;
  "file, ms": number;
  "plan, s": number;
  growth: string;
  "plan file, MB": number | string;
  "peak RSS, MB": number;
  digest: string;
  "second run": string;
}

/** A larger plan is not written out here. */
const MOST_IN_A_FILE = 1_000;

/** Nothing of the plan is kept. */
function planOnce(cluster: Cluster, snapshots: ReadonlyMap<string, Snapshot>): { ms: number; digest: string; fileMb: number | string } {
  const { ms, result: plan } = time(() => planAll(cluster, snapshots));
  const isWritten = plan.hosts.length <= MOST_IN_A_FILE;
  const fileMb = isWritten ? Math.round(JSON.stringify(packPlan(plan)).length / 1e5) / 10 : "not written";
  return { ms, digest: digestOf(plan), fileMb };
}

function measure(hostCount: number, before: Row | undefined): Row {
  const text = writeSpec(hostCount);
  const { ms: fileMs, result: spec } = time(() => parseSpec(text, "bench.yaml"));
  const { cluster } = spec;
  const snapshots = new Map(cluster.hosts.map(({ name, address }) => [name, createFakeHost(name, address).snapshot()]));
  const { ms, digest, fileMb } = planOnce(cluster, snapshots);
  const again = digestOf(planAll(parseSpec(text, "bench.yaml").cluster, snapshots));
  const seconds = Math.round(ms / 10) / 100;
  return {
    hosts: hostCount,
    "file, ms": Math.round(fileMs),
    "plan, s": seconds,
    growth: before === undefined ? "" : `${hostCount / before.hosts}x hosts, ${Math.round((10 * seconds) / before["plan, s"]) / 10}x time`,
    "plan file, MB": fileMb,
    "peak RSS, MB": Math.round(process.resourceUsage().maxRSS / 1024),
    digest,
    "second run": again === digest ? "equal" : "DIFFERENT",
  };
}

const sizes = process.argv.slice(2).map(Number);
const rows: Row[] = [];
for (const size of sizes.length > 0 ? sizes : SIZES) rows.push(measure(size, rows.at(-1)));
console.table(rows);
if (rows.some((row) => row["second run"] !== "equal")) {
  console.error("the same input gave other bytes: this is a bug");
  process.exitCode = 1;
}
