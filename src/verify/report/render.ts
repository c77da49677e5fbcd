import { styleText } from "node:util";
import { groupUntested } from "./group-untested.ts";
import { renderMatrix, type Paint } from "./render-matrix.ts";
import type { ContainerNetworkReport, NetworkReport, PairReport, VerifyFailure, VerifyReport } from "./report.ts";

export interface RenderOptions {
  /** Width of the terminal. */
  columns: number;
  colour: boolean;
}

/** What a person reads: a matrix per network, isolation, what was not tested, and one line per failure. */
export function renderReport(report: VerifyReport, options: RenderOptions): string {
  const paint: Paint = options.colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
  const blocks = [
    ...report.networks.map((network) => renderNetwork(network, options.columns, paint)),
    ...report.containers.map((network) => renderContainers(network, options.columns, paint)),
    renderIsolation(report, paint),
    ...report.failures.map((failure) => renderFailure(failure, paint)),
    ...groupUntested(report.notTested).map((text) => paint("yellow", `not tested  ${text}`)),
    renderVerdict(report, paint),
  ];
  return `${blocks.filter((block) => block !== "").join("\n")}\n`;
}

/** One line, and it ends with what to try. */
function renderFailure({ check, doing, what, where, why, try: advice }: VerifyFailure, paint: Paint = (_, text) => text): string {
  const place = where === "" || what.includes(where) ? "" : ` (${where})`;
  return `${paint("red", "FAIL")} ${check}: ${doing} ${what}${place}: ${why}; try: ${advice}`.replaceAll("\n", " ");
}

/** What is wrong first: the rest follows from it. */
function findFlaw(pair: PairReport, { mtuBytes, expectedCopies }: NetworkReport): "" | "untested" | "reach" | "mtu" | "copies" | "gateway" {
  if (!pair.tested) return "untested";
  if (!pair.reachable) return "reach";
  if (pair.mtuBytes !== mtuBytes) return "mtu";
  if (pair.copies !== null && pair.copies !== expectedCopies) return "copies";
  return pair.gatewayReachable === false ? "gateway" : "";
}

const CELLS = {
  untested: { long: "?", short: "?", meaning: "not tested" },
  reach: { long: "FAIL", short: "X", meaning: "no reply" },
  mtu: { long: "mtu", short: "m", meaning: "largest packet too small" },
  copies: { long: "bcast", short: "c", meaning: "broadcasts: too many copies or none" },
  gateway: { long: "gw", short: "g", meaning: "host's overlay address silent" },
} as const;

function renderNetwork(network: NetworkReport, columns: number, paint: Paint): string {
  const pairs = new Map(network.pairs.map((pair) => [JSON.stringify([pair.from, pair.to]), pair]));
  const names = [...new Set(network.pairs.flatMap(({ from, to }) => [from, to]))];
  const good = network.pairs.filter((pair) => findFlaw(pair, network) === "").length;
  return renderMatrix({
    title: `${paint("bold", network.name)}  ${good} of ${network.pairs.length} pairs ok, ${network.mtuBytes} bytes without fragments, round trip in ms`,
    names,
    columns,
    paint,
    cell(from, to) {
      const pair = pairs.get(JSON.stringify([from, to]));
      if (pair === undefined) return { long: "-", short: "-", style: "dim" };
      const flaw = findFlaw(pair, network);
      if (flaw === "") return { long: formatRoundTrip(pair.rttMs), short: ".", style: "green" };
      return { ...CELLS[flaw], style: flaw === "untested" ? "yellow" : "red" };
    },
  });
}

function renderContainers(network: ContainerNetworkReport, columns: number, paint: Paint): string {
  const name = (container: string, host: string): string => `${container}@${host}`;
  const pairs = new Map(network.pairs.map((pair) => [JSON.stringify([name(pair.from, pair.fromHost), name(pair.to, pair.toHost)]), pair]));
  const names = [...new Set(network.pairs.flatMap((pair) => [name(pair.from, pair.fromHost), name(pair.to, pair.toHost)]))];
  return renderMatrix({
    title: `${paint("bold", network.name)}  between ${names.length} running containers, round trip in ms`,
    names,
    columns,
    paint,
    cell(from, to) {
      const pair = pairs.get(JSON.stringify([from, to]));
      if (pair === undefined) return { long: "-", short: "-", style: "dim" };
      if (!pair.reachable) return { ...CELLS.reach, style: "red" };
      return { long: formatRoundTrip(pair.rttMs), short: ".", style: "green" };
    },
  });
}

function formatRoundTrip(rttMs: number | null): string {
  if (rttMs === null) return "ok";
  return rttMs < 10 ? rttMs.toFixed(2) : rttMs < 100 ? rttMs.toFixed(1) : rttMs.toFixed(0);
}

function renderIsolation({ isolation }: VerifyReport, paint: Paint): string {
  const leaking = isolation.filter(({ leaks }) => leaks.length > 0).map(({ a, b }) => `${a} -> ${b}`);
  if (isolation.length === 0) return "";
  return leaking.length === 0
    ? `${paint("bold", "isolation")}  ${paint("green", "ok")}: nothing passes between ${[...new Set(isolation.map(({ a }) => a))].join(", ")}`
    : `${paint("bold", "isolation")}  ${paint("red", "LEAK")}: ${leaking.join(", ")}`;
}

function renderVerdict({ ok, failures, notTested }: VerifyReport, paint: Paint): string {
  const rest = notTested.length === 0 ? "" : `; ${notTested.length} not tested, for the reasons above`;
  if (ok) return `${paint("green", "verified")}: every measured promise holds${rest}`;
  return `${paint("red", "not verified")}: ${failures.length} ${failures.length === 1 ? "failure" : "failures"}${rest}`;
}
