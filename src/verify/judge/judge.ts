import { groupFindings, type Finding } from "./findings.ts";
import { judgeContainers, reportContainers } from "./judge-containers.ts";
import { findUntested, judgeEgress, judgeFragments, judgeProblems } from "./judge-hosts.ts";
import { findUnseenSources, judgeSources } from "./judge-sources.ts";
import { judgeIsolation } from "./judge-isolation.ts";
import { expectedCopies, judgePair, judgeReturn, judgeUnderlay } from "./judge-pairs.ts";
import { createLookup, type Lookup } from "./lookup.ts";
import type { Measurements } from "../measure/measurements.ts";
import type { NetworkReport, PairReport, VerifyFailure, VerifyReport } from "../report/report.ts";
import type { TargetNetwork, VerifyTarget } from "../measure/target.ts";

/** Turns what was seen into what it means. What was not measured is neither passed nor failed: it is named. */
export function judge(target: VerifyTarget, seen: Measurements): VerifyReport {
  const lookup = createLookup(seen);
  const networks = target.networks.map((network) => reportNetwork(network, lookup));
  const pairs = target.networks.flatMap((network) =>
    network.hosts.flatMap((from) => [
      ...judgeReturn(network, from, lookup),
      ...network.hosts.flatMap((to) => (from === to ? [] : judgePair(target, network, from, to, lookup))),
    ]),
  );
  const underlay = seen.underlay.filter(({ answered }) => answered).flatMap((row) => judgeUnderlay(row, target, lookup));
  const broken = new Set(
    [...pairs, ...underlay.flatMap((finding) => target.networks.map(({ name }) => ({ ...finding, network: name })))].map(pairKey),
  );
  const findings = [
    ...pairs,
    ...underlay,
    ...judgeFragments(seen),
    ...judgeSources(target, seen),
    ...judgeEgress(target, seen),
    ...judgeContainers(seen, broken),
  ];
  const isolation = judgeIsolation(target, seen);
  const failures: VerifyFailure[] = [...judgeProblems(seen), ...groupFindings(findings), ...isolation.failures];
  const untested = networks.flatMap(({ name, pairs: rows }) =>
    rows.filter(({ tested }) => !tested).map(({ from, to }) => `${name}: ${from} -> ${to}`),
  );
  return {
    version: 1,
    ok: failures.length === 0,
    networks,
    isolation: isolation.isolation,
    containers: reportContainers(seen),
    failures: failures.length > 0 || untested.length === 0 ? failures : [unexplained(untested)],
    notTested: [...untested, ...findUntested(target, seen), ...findUnseenSources(seen)],
  };
}

function pairKey({ network, from, to }: Finding): string {
  return JSON.stringify([network, from, to]);
}

function reportNetwork(network: TargetNetwork, lookup: Lookup): NetworkReport {
  const pairs = network.hosts.flatMap((from) =>
    network.hosts.filter((to) => to !== from).map((to) => reportPair(network, from.host, to.host, lookup)),
  );
  return { name: network.name, mtuBytes: network.mtuBytes, expectedCopies: expectedCopies(network), pairs };
}

function reportPair(network: TargetNetwork, from: string, to: string, lookup: Lookup): PairReport {
  const row = lookup.pair(network.name, from, to);
  const copies = lookup.copies(network.name, from, to) ?? null;
  return {
    from,
    to,
    tested: row !== undefined,
    reachable: (row?.received ?? 0) > 0,
    rttMs: row?.rttMs ?? null,
    mtuBytes: row === undefined ? null : row.fullPassed ? network.mtuBytes : row.foundMtuBytes,
    copies,
    duplicates: copies === null ? null : Math.max(0, copies - expectedCopies(network)),
    gatewayReachable: lookup.gatewayReached(network.name, from, to) ?? null,
  };
}

/** A pair without a measurement and without a reason for that would look like a pass. */
function unexplained(untested: readonly string[]): VerifyFailure {
  return {
    check: "host",
    kind: "bug",
    doing: "verifying",
    what: untested.join(", "),
    where: "",
    why: "these pairs were not measured, and no host said why",
    try: "report this with the output of the same command and -v",
  };
}
