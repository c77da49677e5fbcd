import type { Connection } from "../transport/connection.ts";
import { judge } from "./judge/judge.ts";
import { measureCluster, type MeasureOptions } from "./measure/measure.ts";
import type { VerifyFailure, VerifyReport } from "./report/report.ts";
import type { VerifyTarget } from "./measure/target.ts";

export interface VerifyOptions extends Partial<Omit<MeasureOptions, "light">> {
  /** Broken by what the hosts say themselves, without a measurement. */
  known?: readonly VerifyFailure[];
}

/** Not a cluster's mark: the links of a running verify are no part of anybody's plan. */
const PROBE_MARK = "spanwire-probe";
/** A reply within a data centre takes a millisecond; across a slow line, or on a loaded host, much longer. */
const REPLY_MS = 1_500;
/** What leaks does so as fast as what is allowed: many times the round trip of a healthy network. */
const SETTLE_MS = 300;

function resolveOptions(options: VerifyOptions, light: boolean): MeasureOptions {
  return { mark: PROBE_MARK, replyMs: REPLY_MS, settleMs: SETTLE_MS, containers: [], ...options, light };
}

/** Measures every promise of the cluster. A host that is missing in `connections` is a failure; the rest goes on. */
export async function verifyCluster(
  target: VerifyTarget,
  connections: ReadonlyMap<string, Connection>,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { known = [], ...measured } = options;
  const report = judge(target, await measureCluster(target, connections, resolveOptions(measured, false)));
  return { ...report, ok: report.ok && known.length === 0, failures: [...known, ...report.failures] };
}

/** Reachability and packet size only: what `apply` asks before it confirms. */
export async function verifyPairs(
  target: VerifyTarget,
  connections: ReadonlyMap<string, Connection>,
  options: Omit<VerifyOptions, "known"> = {},
): Promise<VerifyReport> {
  return judge(target, await measureCluster(target, connections, resolveOptions(options, true)));
}
