import type { Explanation, Finding, Subject } from "./findings.ts";
import type { Lookup } from "./lookup.ts";
import type { PacketRow, PairRow, UnderlayRow } from "../measure/measurements.ts";
import type { TargetHost, TargetNetwork, VerifyTarget } from "../measure/target.ts";

/** More than this is no double entry in a list but packets going round. */
const LOOP_COPIES = 5;

/** The first thing that is wrong with a pair explains it: what follows from it is not reported again. */
export function judgePair(target: VerifyTarget, network: TargetNetwork, from: TargetHost, to: TargetHost, lookup: Lookup): Finding[] {
  const row = lookup.pair(network.name, from.host, to.host);
  if (row === undefined) return [];
  const underlay = lookup.underlay(from.host, to.host);
  const subject = { network: network.name, from: from.host, to: to.host };
  if (row.received === 0) {
    return [
      {
        ...subject,
        check: "reach",
        cause: reachCause(row, underlay),
        explain: (found) => explainReach(found, target, network, from, to, row, underlay),
      },
    ];
  }
  const findings: Finding[] = [];
  if (!row.fullPassed && !isTooNarrow(underlay)) {
    const cause = `${row.foundMtuBytes} ${describeNarrow(row, from.host)}`;
    findings.push({ ...subject, check: "mtu", cause, explain: (found) => explainMtu(found, network, from, to, row, underlay) });
  }
  const copies = lookup.copies(network.name, from.host, to.host);
  const loops = copies !== undefined && copies > 1 && network.hosts.some((host) => countReturned(network, host, lookup) > 0);
  if (copies !== undefined && copies !== expectedCopies(network) && !loops) {
    const explain = (found: Subject): Explanation =>
      network.layer === 3 ? explainShared(found, from, to) : explainCopies(found, from, to, copies);
    findings.push({ ...subject, check: "duplicates", cause: String(copies), explain });
  }
  if (lookup.gatewayReached(network.name, from.host, to.host) === false) {
    findings.push({ ...subject, check: "gateway", cause: "", explain: (found) => explainGateway(found, to) });
  }
  return findings;
}

/** Of one broadcast, at every other host's endpoint. */
export const expectedCopies = ({ layer }: Pick<TargetNetwork, "layer">): number => (layer === 2 ? 1 : 0);

/** A broadcast that comes back to its sender. */
export function judgeReturn(network: TargetNetwork, host: TargetHost, lookup: Lookup): Finding[] {
  const copies = countReturned(network, host, lookup);
  if (copies === 0) return [];
  const explain = ({ places, networkNames }: Subject): Explanation => ({
    doing: "counting broadcasts on",
    what: `network ${networkNames} (${places})`,
    why: `a broadcast comes back to its sender (${copies} ${copies === 1 ? "copy" : "copies"}): there is a loop`,
    try: `find the second way round: \`bridge link\` and \`bridge fdb show br ${host.bridge}\` on ${host.host}; \`spanwire plan\` shows drift`,
  });
  return [{ check: "duplicates", cause: "return", network: network.name, from: host.host, explain }];
}

function countReturned(network: TargetNetwork, host: TargetHost, lookup: Lookup): number {
  return lookup.copies(network.name, host.host, host.host) ?? 0;
}

/** Both directions fail for one reason, but often only one end is told why: that one explains both. */
export function judgeUnderlay(row: UnderlayRow, target: VerifyTarget, lookup: Lookup): Finding[] {
  if (!isTooNarrow(row)) return [];
  const back = lookup.underlay(row.to, row.from);
  const both = [row, ...(back !== undefined && isTooNarrow(back) ? [back] : [])];
  const told = both.find((one) => one.tooBigMtuBytes !== null) ?? both.find((one) => one.fullError === "") ?? row;
  const sizes = both.flatMap(({ foundMtuBytes }) => (foundMtuBytes === null ? [] : [foundMtuBytes]));
  const carried = sizes.length === 0 ? null : Math.min(...sizes);
  const size = carried === null ? `less than ${row.sizeBytes}` : String(carried);
  const explain = ({ places }: Subject): Explanation => ({
    doing: "measuring the underlay MTU of",
    what: places,
    where: told.from,
    why: `the underlay carries ${size} bytes unfragmented, the networks need ${row.sizeBytes}: ${describeNarrow(told, told.from)}`,
    try: `raise the underlay MTU between ${told.from} and ${told.to} to ${row.sizeBytes}${adviseMtu(target, row.from, row.to, carried)}`,
  });
  return [
    {
      check: "underlay",
      cause: `${carried} ${row.sizeBytes} ${describeNarrow(told, told.from)}`,
      network: "",
      from: row.from,
      to: row.to,
      explain,
    },
  ];
}

/** The host answers, but not to packets of the tunnel's size. No answer at all says nothing: ICMP may be filtered. */
export function isTooNarrow(row: PacketRow | undefined): boolean {
  return row !== undefined && row.received > 0 && !row.fullPassed;
}

function reachCause(row: PairRow, underlay: UnderlayRow | undefined): string {
  return `${underlay === undefined ? "" : underlay.received > 0} ${row.error.replace(/ \(from .*/, "")}`;
}

function explainReach(
  { networks, networkNames, places, common }: Subject,
  target: VerifyTarget,
  network: TargetNetwork,
  from: TargetHost,
  to: TargetHost,
  row: PairRow,
  underlay: UnderlayRow | undefined,
): Explanation {
  const [here, there] = [target.underlay[from.host]?.address, target.underlay[to.host]?.address];
  const said = row.error === "" ? "no reply" : `no reply but "${row.error}"`;
  const dead = underlay?.received === 0;
  const base = {
    doing: "reaching",
    what: `${common === undefined ? "" : `${common}: `}${places} on ${networks.length > 1 ? "networks" : "network"} ${networkNames}`,
  };
  if (dead) {
    return {
      ...base,
      why: `${said} in the overlay, and ${there} does not answer on the underlay either`,
      try: `check cable, address and firewall of the underlay: \`ping ${there}\` on ${from.host}`,
    };
  }
  return {
    ...base,
    why: `${said} in the overlay; the underlay answers, so ${network.layer === 3 ? "routed" : "tunnel"} packets are dropped or not sent`,
    try: `let ${network.wire} pass between ${here} and ${there} in every firewall, then look for drift with \`spanwire plan\``,
  };
}

/** Who refuses the large packet decides where to look. */
export function describeNarrow(row: PacketRow, from: string): string {
  if (row.tooBigMtuBytes === null)
    return row.fullError === ""
      ? "larger packets are dropped silently, no ICMP error comes back"
      : `larger packets fail with "${row.fullError}"`;
  if (row.fullError.startsWith("local error")) return `an interface or route of ${from} says MTU ${row.tooBigMtuBytes}`;
  return `ICMP says MTU ${row.tooBigMtuBytes}${/ \(from .*\)$/.exec(row.fullError)?.[0] ?? ""}`;
}

function explainMtu(
  { networkNames, places }: Subject,
  network: TargetNetwork,
  from: TargetHost,
  to: TargetHost,
  row: PairRow,
  underlay: UnderlayRow | undefined,
): Explanation {
  const needed = network.mtuBytes + network.overheadBytes;
  const found = row.foundMtuBytes === null ? "packets" : `packets of up to ${row.foundMtuBytes} bytes`;
  const known = underlay !== undefined && underlay.fullPassed;
  return {
    doing: "measuring the largest packet of",
    what: `${places} on network ${networkNames}`,
    why: `${found} pass, ${network.mtuBytes} bytes are promised: ${describeNarrow(row, from.host)}`,
    try: known
      ? `the underlay is wide enough: look for a port of ${from.bridge} or ${to.bridge} below MTU ${network.mtuBytes} with \`ip link show master ${from.bridge}\` on ${from.host} and ${to.host}, then \`spanwire plan\``
      : `the underlay does not answer pings, so suspect its MTU: it must be ${needed} between ${from.host} and ${to.host}${row.foundMtuBytes === null ? "" : `, or set mtu: ${row.foundMtuBytes} for network ${network.name} in the file`}`,
  };
}

function explainCopies({ networkNames, places }: Subject, from: TargetHost, to: TargetHost, copies: number): Explanation {
  const base = { doing: "counting broadcasts of", what: `${places} on network ${networkNames}` };
  const list = `\`bridge fdb show br ${from.bridge} | grep 00:00:00:00:00:00\` on ${from.host}`;
  if (copies === 0) {
    return {
      ...base,
      why: `no copy of a broadcast arrives, though unicast passes: ${to.host} is missing in the flood list of ${from.host}, or broadcasts are filtered`,
      try: `run \`spanwire plan\` to see drift in the flood list, and look at ${list}`,
    };
  }
  if (copies > LOOP_COPIES) {
    return {
      ...base,
      why: `${copies} copies of one broadcast arrive: packets go round in a loop`,
      try: `find the loop now: \`bridge link\` on ${from.host} and ${to.host}; \`spanwire plan\` shows drift`,
    };
  }
  return {
    ...base,
    why: `${copies} copies of one broadcast arrive at ${to.host}: duplicate flood entry or a second way there`,
    try: `run \`spanwire plan\` to see drift, and look at ${list}`,
  };
}

function explainShared({ networkNames, places }: Subject, from: TargetHost, to: TargetHost): Explanation {
  return {
    doing: "counting broadcasts of",
    what: `${places} on network ${networkNames}`,
    why: `a broadcast arrives, though hosts route between their members: ${from.bridge} and ${to.bridge} share a segment`,
    try: `find the link that joins them: \`bridge link\` on ${from.host} and ${to.host}`,
  };
}

function explainGateway({ networkNames, places, common }: Subject, to: TargetHost): Explanation {
  return {
    doing: "reaching the overlay address of a host,",
    what: `${common === undefined ? "" : `${common}: `}${places} on network ${networkNames}`,
    why: `endpoints answer each other, but ${to.overlay} does not answer`,
    try: `check on ${to.host} that \`ip addr show dev ${to.bridge}\` has ${to.overlay} and that its input firewall lets ${to.bridge} in; \`spanwire plan\` shows drift, \`spanwire doctor addresses\` who else has that address`,
  };
}

function adviseMtu(target: VerifyTarget, from: string, to: string, carried: number | null): string {
  if (carried === null) return "";
  const shared = target.networks.filter(({ hosts }) => [from, to].every((host) => hosts.some((at) => at.host === host)));
  const wishes = shared.map(({ name, overheadBytes }) => `mtu: ${carried - overheadBytes} for network ${name}`);
  return wishes.length === 0 ? "" : `, or set ${wishes.join(" and ")} in the file`;
}
