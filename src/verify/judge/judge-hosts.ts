import type { Explanation, Finding, Subject } from "./findings.ts";
import { isTooNarrow } from "./judge-pairs.ts";
import type { EgressRow, Measurements } from "../measure/measurements.ts";
import type { VerifyFailure } from "../report/report.ts";
import type { TargetNetwork, VerifyTarget } from "../measure/target.ts";

/** Hosts and endpoints that could not be asked: their own words, once each. */
export function judgeProblems(seen: Measurements): VerifyFailure[] {
  const hosts = seen.hostProblems.flatMap(({ host, problems }) =>
    problems.map((problem) => ({ ...problem, where: host, check: "host" as const })),
  );
  const endpoints = seen.endpointProblems.map(({ host, problem }) => ({ ...problem, where: host, check: "endpoint" as const }));
  // A probe or container that is gone fails every question after it: the first answer says it all.
  const first = [...Map.groupBy(endpoints, ({ where, what }) => JSON.stringify([where, what])).values()].flatMap((group) =>
    group.slice(0, 1),
  );
  const unique = new Map(hosts.map((failure) => [JSON.stringify(failure), failure]));
  return [...unique.values(), ...first].sort((a, b) => (a.where < b.where ? -1 : a.where > b.where ? 1 : 0));
}

/** Fragments explain themselves when the underlay is known to be too narrow: then they are no second failure. */
export function judgeFragments(seen: Measurements): Finding[] {
  if (seen.underlay.some(isTooNarrow)) return [];
  const rows = seen.fragments.toSorted((a, b) => (a.host < b.host ? -1 : 1));
  return rows.flatMap(({ host, before, after }) => {
    if (before === null || after === null || after <= before) return [];
    const explain = ({ places }: Subject): Explanation => ({
      doing: "counting outer fragments on",
      what: places,
      why: `${after - before} fragments of tunnel packets arrived during the test: a host sends tunnel packets larger than its path carries`,
      try: "check that `ip -d link show type vxlan` says `df set` on every host (`spanwire plan` shows drift) and that the underlay MTU is the same everywhere",
    });
    return [{ check: "fragments" as const, cause: "", network: "", from: host, explain }];
  });
}

export function judgeEgress(target: VerifyTarget, seen: Measurements): Finding[] {
  return seen.egress.flatMap((row) => {
    const network = target.networks.find(({ name }) => name === row.network);
    if (network === undefined || row.address === null || !row.fromHost) return [];
    const promised = network.egress.mode === "masquerade";
    if (row.fromEndpoint === promised) return [];
    const explain = promised ? explainNoEgress(row, network) : explainEgress(row, network);
    return [{ check: "egress" as const, cause: `${promised} ${row.address}`, network: row.network, from: row.host, explain }];
  });
}

function explainNoEgress(row: EgressRow, network: TargetNetwork) {
  return ({ places, networkNames }: Subject): Explanation => ({
    doing: "reaching the outside from",
    what: `network ${networkNames} on ${places}`,
    why: `the host reaches ${row.address}, its endpoints do not`,
    try: `check on ${row.host} that net.ipv4.ip_forward is 1, that ${network.subnet} is masqueraded (\`spanwire plan\` shows drift) and that no other FORWARD rule drops it: \`nft list ruleset\``,
  });
}

function explainEgress(row: EgressRow, network: TargetNetwork) {
  return ({ places, networkNames }: Subject): Explanation => ({
    doing: "keeping the outside away from",
    what: `network ${networkNames} on ${places}`,
    why: `egress is none, but endpoints reach ${row.address}`,
    try: `find the rule on ${row.host} that forwards or masquerades ${network.subnet}: \`nft list ruleset\`; \`spanwire plan\` shows drift of our own`,
  });
}

/** What a run could not measure, in words. */
export function findUntested(target: VerifyTarget, seen: Measurements): string[] {
  const untested = [...seen.notTested];
  for (const { network, host, address, fromHost } of seen.egress) {
    if (address === null) untested.push(`outside of ${network} on ${host}: no egress.check in the file and no default gateway on the host`);
    else if (!fromHost)
      untested.push(
        `outside of ${network} on ${host}: the host itself gets no reply from ${address}; name another address as egress.check`,
      );
  }
  for (const { host, before, after } of seen.fragments) {
    if (before === null || after === null) untested.push(`outer fragments on ${host}: no rule counts them`);
  }
  const silent = seen.underlay.filter((row) => row.answered && row.received === 0 && isReached(target, seen, row.from, row.to));
  for (const { from, to } of silent)
    untested.push(`underlay packet size ${from} -> ${to}: no reply to pings on the underlay (ICMP filtered?)`);
  return untested;
}

function isReached(target: VerifyTarget, seen: Measurements, from: string, to: string): boolean {
  return target.networks.some(({ name }) =>
    seen.pairs.some((row) => row.network === name && row.from === from && row.to === to && row.received > 0),
  );
}
