import type { Connection } from "../transport/connection.ts";
import type { DropRule } from "../host/observe/read-drops.ts";
import type { VerifyFailure, VerifyReport } from "../verify/report/report.ts";

/**
 * Which rule of somebody's throws members' packets away, where pairs of hosts do not answer each other: the rules that
 * refuse are read, the same pairs are measured once more, and what has counted meanwhile is named.
 */
export async function nameDrops(
  report: VerifyReport,
  connections: ReadonlyMap<string, Connection>,
  measureAgain: (hosts: readonly string[]) => Promise<unknown>,
): Promise<VerifyReport> {
  const silent = report.networks.flatMap(({ pairs }) => pairs.filter(({ tested, reachable }) => tested && !reachable));
  const hosts = [...new Set(silent.flatMap(({ from, to }) => [from, to]))].filter((host) => connections.has(host)).toSorted();
  if (hosts.length === 0) return report;
  const before = await readAll(hosts, connections);
  await measureAgain(hosts);
  const after = await readAll(hosts, connections);
  const found = hosts.flatMap((host) => describeGrowth(host, before.get(host) ?? [], after.get(host) ?? []));
  return { ...report, failures: [...found, ...report.failures] };
}

async function readAll(hosts: readonly string[], connections: ReadonlyMap<string, Connection>): Promise<Map<string, readonly DropRule[]>> {
  const read = await Promise.all(
    // a host that cannot say it has its own line in the report
    hosts.map(
      async (host) =>
        [
          host,
          await connections
            .get(host)!
            .request("drops", {})
            .catch((): readonly DropRule[] => []),
        ] as const,
    ),
  );
  return new Map(read);
}

function describeGrowth(host: string, before: readonly DropRule[], after: readonly DropRule[]): VerifyFailure[] {
  const packetsOf = new Map(before.map(({ chain, handle, packets }) => [`${chain} ${handle}`, packets]));
  return after.flatMap(({ does, chain, handle, packets }): VerifyFailure[] => {
    const grown = packets - (packetsOf.get(`${chain} ${handle}`) ?? packets);
    if (grown <= 0) return [];
    return [
      {
        ...{ check: "firewall", kind: "verify", doing: "looking for what stops members' packets", what: host, where: host },
        why: `a rule that is not ours ${DID[does]} ${grown} packets while they were measured again: chain ${chain}, handle ${handle}`,
        try: `look at it with \`nft -a list ruleset\` on ${host}, and if those were members' packets, let the network's subnet pass before it`,
      },
    ];
  });
}

const DID = { refuses: "refused", rewrites: "gave another source address to" };
