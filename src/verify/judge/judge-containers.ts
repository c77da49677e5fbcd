import type { Explanation, Finding, Subject } from "./findings.ts";
import { compareNames } from "../../util/compare-names.ts";
import { describeNarrow } from "./judge-pairs.ts";
import type { ContainerRow, ContainerTarget, Measurements } from "../measure/measurements.ts";
import type { ContainerNetworkReport } from "../report/report.ts";

export function reportContainers(seen: Measurements): ContainerNetworkReport[] {
  // as they were asked: in no order
  const inOrder = seen.containers.toSorted((a, b) => byPlace(a.from, b.from) || byPlace(a.to, b.to) || compareNames(a.network, b.network));
  return [...Map.groupBy(inOrder, ({ network }) => network)].map(([name, rows]) => ({
    name,
    pairs: rows.map((row) => ({
      from: row.from.container,
      to: row.to.container,
      fromHost: row.from.host,
      toHost: row.to.host,
      reachable: row.received > 0,
      rttMs: row.rttMs,
      mtuBytes: row.fullPassed ? row.promisedBytes : row.foundMtuBytes,
    })),
  }));
}

/** `broken` are pairs of hosts whose probes already failed on a network: their containers cannot do better. */
export function judgeContainers(seen: Measurements, broken: ReadonlySet<string>): Finding[] {
  // One that could not be asked has ended: its host said so, and that it does not answer is no second failure.
  const asked = new Set(seen.containers.filter(({ answered }) => answered).map(({ from }) => nameOf(from)));
  return seen.containers.flatMap((row): Finding[] => {
    if (
      !row.answered ||
      !asked.has(nameOf(row.to)) ||
      (row.received > 0 && row.fullPassed) ||
      broken.has(JSON.stringify([row.network, row.from.host, row.to.host]))
    )
      return [];
    const place = { network: row.network, from: nameOf(row.from), to: nameOf(row.to) };
    if (row.received === 0) return [{ ...place, check: "container", cause: row.error, explain: (found) => explainReach(found, row) }];
    return [
      {
        ...place,
        check: "container",
        cause: `${row.foundMtuBytes} ${describeNarrow(row, nameOf(row.from))}`,
        explain: (found) => explainMtu(found, row),
      },
    ];
  });
}

const byPlace = (a: ContainerTarget, b: ContainerTarget): number => compareNames(a.host, b.host) || compareNames(a.container, b.container);

function nameOf({ host, container }: ContainerTarget): string {
  return `${container}@${host}`;
}

function explainReach({ places, networkNames }: Subject, row: ContainerRow): Explanation {
  return {
    doing: "reaching between containers,",
    what: `${places} on network ${networkNames}`,
    why: `${row.error === "" ? "no reply" : `no reply but "${row.error}"`} from ${row.to.address}, though the hosts' probes reach each other`,
    try: `check that both containers are attached (\`bridge link\` on ${row.to.host}) and that no firewall rule of Docker or yours drops ${row.to.address}: \`nft list ruleset\`; whether somebody else has that address: \`spanwire doctor addresses\``,
  };
}

function explainMtu({ places, networkNames }: Subject, row: ContainerRow): Explanation {
  const found = row.foundMtuBytes === null ? "small packets" : `packets of up to ${row.foundMtuBytes} bytes`;
  return {
    doing: "measuring the largest packet between containers,",
    what: `${places} on network ${networkNames}`,
    why: `${found} pass, ${row.promisedBytes} bytes are promised: ${describeNarrow(row, nameOf(row.from))}`,
    try: `reconnect the container to get the network's MTU: \`docker network disconnect\` and \`connect\` ${row.from.container} on ${row.from.host}`,
  };
}
