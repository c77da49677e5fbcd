import { existsSync } from "node:fs";
import type { SnapshotOvs, SnapshotOvsBridge, SnapshotOvsPort } from "../../model/snapshot.ts";
import { compareText } from "../../util/compare-text.ts";
import { run, type RunResult } from "../../util/run.ts";
import { stretchOvsTimeout } from "../execute/ovs-timeout.ts";

/** One line of `ovs-vsctl --format=json list`: columns and rows in OVSDB's notation (RFC 7047, section 5.1). */
interface Table {
  headings: readonly string[];
  data: readonly (readonly Value[])[];
}

type Value =
  | string
  | number
  | boolean
  | readonly ["uuid", string]
  | readonly ["set", readonly Value[]]
  | readonly ["map", readonly [string, string][]];

/** Seconds until a daemon that does not answer counts as not there. */
const TIMEOUT_S = stretchOvsTimeout(5);

const COLUMNS = {
  Bridge: ["name", "ports", "datapath_type", "fail_mode", "stp_enable", "rstp_enable", "other_config", "external_ids"],
  Port: ["_uuid", "name", "interfaces", "protected", "other_config", "status", "rstp_status", "external_ids"],
  Interface: ["_uuid", "type", "options", "mac", "mac_in_use", "mtu_request", "error", "bfd", "bfd_status"],
} as const;

/** The whole database in one process. A host without Open vSwitch, or with a dead daemon, says so. */
export async function readOvs(): Promise<SnapshotOvs> {
  const lists = Object.entries(COLUMNS).flatMap(([table, columns]) => ["--", `--columns=${columns.join(",")}`, "list", table]);
  const [result, silent] = await Promise.all([run(["ovs-vsctl", `--timeout=${TIMEOUT_S}`, "--format=json", ...lists]), askSwitchd()]);
  if (result.exitCode !== 0) return { state: "absent", reason: describeAbsence(result) };
  const [bridges, ports, interfaces] = result.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => toRows(JSON.parse(line) as Table));
  const rows = { bridges: bridges ?? [], ports: ports ?? [], interfaces: interfaces ?? [] };
  return {
    state: "ready",
    kernelDatapath: existsSync("/sys/module/openvswitch"),
    ...(silent === undefined ? {} : { silent }),
    bridges: rows.bridges.map(toBridge).sort((a, b) => compareText(a.name, b.name)),
    ports: toPorts(rows).sort((a, b) => compareText(a.name, b.name)),
  };
}

/** The database answers for a daemon that is dead or hangs; ovs-appctl(8) asks the daemon itself. */
async function askSwitchd(): Promise<string | undefined> {
  const result = await run(["ovs-appctl", `--timeout=${TIMEOUT_S}`, "--target=ovs-vswitchd", "version"]);
  if (result.exitCode === 0) return undefined;
  const why = result.signal === "SIGALRM" ? `no answer within ${TIMEOUT_S} s` : (result.stderr.trim().split("\n").at(-1) ?? "");
  return `ovs-vswitchd does not answer (${why || `exit ${result.exitCode}`})`;
}

function describeAbsence(result: RunResult): string {
  if (result.exitCode === null && result.stderr.includes("ENOENT")) return "Open vSwitch is not installed (no ovs-vsctl)";
  if (result.signal === "SIGALRM") return `ovsdb-server does not answer within ${TIMEOUT_S} s`;
  return `Open vSwitch does not answer (${result.stderr.trim().split("\n").at(-1) || `exit ${result.exitCode}`})`;
}

type Row = Readonly<Record<string, Value>>;

function toRows({ headings, data }: Table): Row[] {
  return data.map((values) => Object.fromEntries(headings.map((heading, at) => [heading, values[at] ?? ""])));
}

function toBridge(row: Row): SnapshotOvsBridge {
  return {
    name: textOf(row["name"]),
    datapath: textOf(row["datapath_type"]) || "system",
    failMode: textOf(row["fail_mode"]),
    stp: row["stp_enable"] === true,
    rstp: row["rstp_enable"] === true,
    otherConfig: mapOf(row["other_config"]),
    mark: mapOf(row["external_ids"])["spanwire"] ?? "",
  };
}

function toPorts({ bridges, ports, interfaces }: Record<"bridges" | "ports" | "interfaces", Row[]>): SnapshotOvsPort[] {
  const bridgeOf = new Map(bridges.flatMap((bridge) => uuidsOf(bridge["ports"]).map((uuid) => [uuid, textOf(bridge["name"])] as const)));
  const interfaceOf = new Map(interfaces.map((row) => [uuidsOf(row["_uuid"])[0] ?? "", row]));
  return ports.map((port) => {
    const face = interfaceOf.get(uuidsOf(port["interfaces"])[0] ?? "") ?? {};
    return {
      name: textOf(port["name"]),
      bridge: bridgeOf.get(uuidsOf(port["_uuid"])[0] ?? "") ?? "",
      type: textOf(face["type"]),
      options: mapOf(face["options"]),
      mac: textOf(face["mac"]) || textOf(face["mac_in_use"]),
      mtuRequestBytes: Number(textOf(face["mtu_request"]) || 0),
      protected: port["protected"] === true,
      otherConfig: mapOf(port["other_config"]),
      bfd: mapOf(face["bfd"]),
      error: textOf(face["error"]),
      mark: mapOf(port["external_ids"])["spanwire"] ?? "",
      status: pickStatus({ ...mapOf(port["status"]), ...mapOf(port["rstp_status"]), bfd_state: mapOf(face["bfd_status"])["state"] ?? "" }),
    };
  });
}

/** States, not counters: two readings of a quiet host are equal. */
function pickStatus(status: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ["stp_state", "stp_role", "rstp_port_role", "rstp_port_state", "bfd_state"];
  return Object.fromEntries(kept.flatMap((key) => (status[key] === undefined || status[key] === "" ? [] : [[key, status[key]]])));
}

/** An optional column without a value is an empty set. */
function textOf(value: Value | undefined): string {
  return value === undefined || Array.isArray(value) ? "" : String(value);
}

function mapOf(value: Value | undefined): Record<string, string> {
  return Array.isArray(value) && value[0] === "map" ? Object.fromEntries(value[1] as [string, string][]) : {};
}

/** A set of one is written without its frame. */
function uuidsOf(value: Value | undefined): string[] {
  if (!Array.isArray(value)) return [];
  if (value[0] === "uuid") return [String(value[1])];
  return (value[1] as Value[]).flatMap(uuidsOf);
}
