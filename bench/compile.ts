/**
 * How long a cluster of N hosts takes to compile and plan, and that it gives the same bytes every time.
 * `npm run bench`, or with sizes of your own: `npm run bench -- 100 2000`.
 */
import { createHash } from "node:crypto";
import type { ResolvedNetwork } from "../src/model/network.ts";
import { resolveNetworks } from "../src/lock/resolve-networks.ts";
import { compileHost } from "../src/plan/compile/compile-host.ts";
import { planHost } from "../src/plan/compare/plan-host.ts";
import { parseSpec } from "../src/file/parse-spec.ts";
import type { Cluster } from "../src/model/cluster.ts";
import { pinLock } from "../src/lock/pin-lock.ts";

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

function resolve(cluster: Cluster): ResolvedNetwork[] {
  const { lock } = pinLock({ cluster, uuid: UUID, underlayMtuBytes: 1500, underlayFamily: 4 });
  return resolveNetworks(cluster, lock);
}

function planOne(cluster: Cluster, networks: readonly ResolvedNetwork[], host: string): string {
  const desired = compileHost({
    cluster,
    clusterUuid: UUID,
    networks,
    host,
    facts: new Map(),
  });
  return JSON.stringify(planHost(desired, new Map()));
}

/** One host after the other: nothing of a host is kept but its share of the digest. */
function digestAll(cluster: Cluster, networks: readonly ResolvedNetwork[]): { digest: string; bytes: number } {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const { name } of cluster.hosts) {
    const text = planOne(cluster, networks, name);
    bytes += text.length;
    hash.update(text);
  }
  return { digest: hash.digest("hex"), bytes };
}

function time<T>(act: () => T): { ms: number; result: T } {
  const start = performance.now();
  const result = act();
  return { ms: performance.now() - start, result };
}

interface Row {
  hosts: number;
  "file to lock, ms": number;
  "one host, ms": number;
  "all hosts, s": number;
  "plans, MB": number;
  "peak RSS, MB": number;
  digest: string;
  "second run": string;
}

function measure(hostCount: number): Row {
  const text = writeSpec(hostCount);
  const { ms: lockMs, result } = time(() => {
    const { cluster } = parseSpec(text, "bench.yaml");
    return { cluster, networks: resolve(cluster) };
  });
  const { cluster, networks } = result;
  const one = time(() => planOne(cluster, networks, "h1"));
  const all = time(() => digestAll(cluster, networks));
  const again = digestAll(parseSpec(text, "bench.yaml").cluster, resolve(cluster));
  return {
    hosts: hostCount,
    "file to lock, ms": Math.round(lockMs),
    "one host, ms": Math.round(one.ms * 10) / 10,
    "all hosts, s": Math.round(all.ms / 10) / 100,
    "plans, MB": Math.round(all.result.bytes / 1e5) / 10,
    "peak RSS, MB": Math.round(process.resourceUsage().maxRSS / 1024),
    digest: all.result.digest.slice(0, 12),
    "second run": again.digest === all.result.digest ? "equal" : "DIFFERENT",
  };
}

const sizes = process.argv.slice(2).map(Number);
const rows = (sizes.length > 0 ? sizes : SIZES).map(measure);
console.table(rows);
if (rows.some((row) => row["second run"] !== "equal")) {
  console.error("the same input gave other bytes: this is a bug");
  process.exitCode = 1;
}
