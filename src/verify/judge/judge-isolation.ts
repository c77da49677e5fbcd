import type { Measurements } from "../measure/measurements.ts";
import type { IsolationReport, Leak, VerifyFailure } from "../report/report.ts";
import type { TargetNetwork, VerifyTarget } from "../measure/target.ts";

/** A leak with what is needed to name its cause. */
type KnownLeak = Leak & { segment: boolean; bridges: readonly [string, string] };

/** Every ordered pair of networks; `failures` has one line per unordered pair, since one cause leaks both ways. */
export function judgeIsolation(target: VerifyTarget, seen: Measurements): { isolation: IsolationReport[]; failures: VerifyFailure[] } {
  const isolation: IsolationReport[] = [];
  const failures: VerifyFailure[] = [];
  for (const a of target.networks) {
    for (const b of target.networks) {
      if (a === b) continue;
      const leaks = findLeaks(a, b, seen);
      isolation.push({ a: a.name, b: b.name, leaks: leaks.map(({ how, from, to, address }) => ({ how, from, to, address })) });
      if (a.name > b.name) continue;
      const both = [...leaks, ...findLeaks(b, a, seen)];
      const [first] = both;
      if (first !== undefined) failures.push(explainLeaks(a, b, both, first));
    }
  }
  return { isolation, failures };
}

function findLeaks(a: TargetNetwork, b: TargetNetwork, seen: Measurements): KnownLeak[] {
  const bridges = (from: string, to: string): [string, string] => [bridgeOn(a, from), bridgeOn(b, to)];
  const direct = seen.isolation
    .filter((row) => row.a === a.name && row.b === b.name && row.leaked)
    // Another host's own address may be answered for by mistake; another endpoint answers only on a joined segment.
    .map(({ how, from, to, address, of }) => ({
      how,
      from,
      to,
      address,
      segment: how === "arp" && of === "probe",
      bridges: bridges(from, to),
    }));
  const broadcast = seen.broadcasts
    .filter((row) => row.a === a.name && row.b === b.name && row.copies > 0)
    .map(({ from, to }) => ({ how: "broadcast" as const, from, to, address: probeOn(b, to), segment: true, bridges: bridges(from, to) }));
  // Answers come in any order; the report does not.
  return [...direct, ...broadcast].sort((x, y) => (sortKey(x) < sortKey(y) ? -1 : 1));
}

function explainLeaks(a: TargetNetwork, b: TargetNetwork, leaks: readonly KnownLeak[], first: KnownLeak): VerifyFailure {
  const ways = [...new Set(leaks.map(({ how }) => how))].sort().join(", ");
  const hosts = [...new Set(leaks.flatMap(({ from, to }) => [from, to]))].sort();
  const base = {
    check: "isolation" as const,
    kind: "verify" as const,
    doing: "isolating",
    what: `networks ${a.name} and ${b.name} (${ways})`,
    where: first.from,
  };
  const [bridgeA, bridgeB] = first.bridges;
  if (leaks.some(({ segment }) => segment)) {
    return {
      ...base,
      why: `the two share a segment: what one broadcasts arrives in the other (seen from ${hosts.join(", ")})`,
      try: `find the link that joins ${bridgeA} and ${bridgeB}: \`bridge link\` on ${hosts.join(", ")}; one VNI used for both networks does the same (\`spanwire plan\` shows drift)`,
    };
  }
  if (leaks.every(({ how }) => how === "arp")) {
    return {
      ...base,
      why: `${first.to} answers for ${first.address} on the other network's segment`,
      try: `\`sysctl net.ipv4.conf.${bridgeA}.arp_ignore\` on ${first.to} should be 1; \`spanwire plan\` shows drift`,
    };
  }
  return {
    ...base,
    why: `hosts forward between the two: a packet from ${first.from} reached ${first.address} on ${first.to}`,
    try: `the isolation rules on ${hosts.join(", ")} are missing or overruled: \`spanwire plan\` shows drift, \`nft list ruleset\` shows the rest`,
  };
}

function sortKey({ from, to, how, address }: Leak): string {
  return [from, to, how, address].join(" ");
}

function bridgeOn(network: TargetNetwork, host: string): string {
  return network.hosts.find((at) => at.host === host)?.bridge ?? "";
}

function probeOn(network: TargetNetwork, host: string): string {
  return network.hosts.find((at) => at.host === host)?.probe.split("/")[0] ?? "";
}
