import { SpanwireError } from "../model/problem.ts";
import { dataPort, namespacePath } from "./lab-names.ts";
import type { LabHost, LabState } from "./lab-state.ts";
import { ipBatch, runTool } from "./tools.ts";
import { lossLines, readLosses, type PairLoss, type SwitchRule } from "./lab-loss.ts";
import { setUnderlayMtu, underlayDevice } from "./underlay-bridge.ts";

export interface HostMtu {
  host: string;
  /** Of the host's own NIC. */
  ownMtuBytes: number;
  /** Of the switch's port towards it; smaller means frames vanish without a word. */
  portMtuBytes: number;
}

export interface LabFaults {
  losses: PairLoss[];
  /** Pairs of host names, the smaller index first. */
  cuts: [string, string][];
  /** Hosts whose data NIC or switch port is not as the lab started. */
  mtus: HostMtu[];
}

/** The kernel's default (GSO_MAX_SEGS in include/linux/netdevice.h). */
const DEFAULT_GSO_SEGMENTS = 65535;
/** RFC 791: every host must take 68 bytes; and what a veth accepts at most. */
const MIN_MTU_BYTES = 68;
const MAX_MTU_BYTES = 65535;

/** A switch that loses nothing. Cuts live in the kernel alone: a set of (port in, port out); and losses, a chain a pair. */
const WHOLE_SWITCH = [
  "add table bridge lab",
  "delete table bridge lab",
  "add table bridge lab",
  "add set bridge lab cuts { type ifname . ifname; }",
  "add chain bridge lab forward { type filter hook forward priority 0; policy accept; }",
  "add rule bridge lab forward iifname . oifname @cuts counter drop",
];

/** Changing it is one atomic command each time, so no lock. */
export async function createCutTable(lab: LabState): Promise<void> {
  await nft(lab, WHOLE_SWITCH, "preparing the switch for cuts");
}

/** From now on that share of the frames between the two data NICs is thrown away, both ways; 0 ends it. */
export async function loseBetween(lab: LabState, a: LabHost, b: LabHost, percent: number): Promise<void> {
  await nft(lab, lossLines(a, b, percent), "losing frames");
}

/** Nothing passes between the two data NICs any more, in either direction; management and all other pairs do. */
export async function cutHosts(lab: LabState, a: LabHost, b: LabHost): Promise<void> {
  if (a.name === b.name) {
    throw new SpanwireError({
      kind: "input",
      doing: "cutting",
      what: `${a.name} from ${b.name}`,
      where: "",
      why: "that is one host",
      try: "name two different hosts, as in `spanwire lab cut h1 h2`",
    });
  }
  const [one, two] = [dataPort(a.index), dataPort(b.index)];
  await nft(lab, [`add element bridge lab cuts { "${one}" . "${two}", "${two}" . "${one}" }`], "cutting hosts apart");
}

/**
 * Makes a host's data NIC smaller. Loud: its own NIC, so its kernel knows and answers with errors. Silent: the switch's
 * port, where a larger frame is dropped without a word in both directions (is_skb_forwardable in net/core/dev.c), which
 * is what a real switch does.
 */
export async function setHostMtu(lab: LabState, host: LabHost, mtuBytes: number, silent: boolean): Promise<void> {
  if (!Number.isInteger(mtuBytes) || mtuBytes < MIN_MTU_BYTES || mtuBytes > MAX_MTU_BYTES) {
    throw new SpanwireError({
      kind: "input",
      doing: "setting the MTU of",
      what: host.name,
      where: "",
      why: `${mtuBytes} is not an MTU between ${MIN_MTU_BYTES} and ${MAX_MTU_BYTES} bytes`,
      try: `use a number such as 1400 (the lab started with ${lab.mtuBytes})`,
    });
  }
  await setSegmentation(lab, 1);
  if (!silent) return setUnderlayMtu(lab, host, mtuBytes);
  await ipBatch(lab.runId, lab.switchNamespace, [`link set ${dataPort(host.index)} mtu ${mtuBytes}`], "setting the MTU");
}

/** Undoes every cut, loss and MTU fault. */
export async function healSwitch(lab: LabState): Promise<void> {
  await nft(lab, WHOLE_SWITCH, "healing the switch");
  const ports = lab.hosts.map((host) => `link set ${dataPort(host.index)} mtu ${lab.mtuBytes}`);
  await ipBatch(lab.runId, lab.switchNamespace, ports, "healing the MTUs");
  await Promise.all(lab.hosts.map((host) => setUnderlayMtu(lab, host, lab.mtuBytes)));
  await setSegmentation(lab, DEFAULT_GSO_SEGMENTS);
}

/**
 * A veth hands a whole TCP burst over as one buffer, and such a buffer passes any MTU check: TCP would get through
 * where a real cable drops it. With one segment a buffer the sender cuts it into real frames first.
 */
async function setSegmentation(lab: LabState, segments: number): Promise<void> {
  const set = (host: LabHost): Promise<string> =>
    ipBatch(lab.runId, host.namespace, [`link set eth0 gso_max_segs ${segments}`], "setting the segmentation");
  await Promise.all(lab.hosts.map(set));
}

export async function readFaults(lab: LabState): Promise<LabFaults> {
  const ports = await readMtus(lab, lab.switchNamespace);
  const mtus = await Promise.all(
    lab.hosts.map(async (host) => ({
      host: host.name,
      ownMtuBytes: (await readMtus(lab, host.namespace)).get(underlayDevice(lab)) ?? 0,
      portMtuBytes: ports.get(dataPort(host.index)) ?? 0,
    })),
  );
  const listed = await listSwitch(lab);
  return {
    cuts: readCuts(lab, listed),
    losses: readLosses(lab, listed),
    mtus: mtus.filter((mtu) => mtu.ownMtuBytes !== lab.mtuBytes || mtu.portMtuBytes !== lab.mtuBytes),
  };
}

async function readMtus(lab: LabState, namespace: string): Promise<Map<string, number>> {
  const text = await runTool(["ip", "-n", namespace, "-json", "link", "show"], { runId: lab.runId, doing: "reading the links" });
  const links = JSON.parse(text) as { ifname: string; mtu: number }[];
  return new Map(links.map((link) => [link.ifname, link.mtu]));
}

/** libnftables-json(5). */
interface SwitchTable {
  nftables: ({ set?: { name: string; elem?: { concat: [string, string] }[] } } & SwitchRule)[];
}

async function listSwitch(lab: LabState): Promise<SwitchTable> {
  const argv = ["nsenter", `--net=${namespacePath(lab.switchNamespace)}`, "nft", "-j", "list", "table", "bridge", "lab"] as const;
  return JSON.parse(await runTool(argv, { runId: lab.runId, doing: "reading the switch's faults" })) as SwitchTable;
}

function readCuts(lab: LabState, listed: SwitchTable): [string, string][] {
  const pairs = listed.nftables.flatMap(({ set }) => (set?.name === "cuts" ? (set.elem ?? []) : [])).map((element) => element.concat);
  const byPort = new Map(lab.hosts.map((host) => [dataPort(host.index), host]));
  return pairs
    .flatMap(([from, to]): [LabHost, LabHost][] => {
      const [a, b] = [byPort.get(from), byPort.get(to)];
      return a !== undefined && b !== undefined && a.index < b.index ? [[a, b]] : [];
    })
    .toSorted(([a, b], [c, d]) => a.index - c.index || b.index - d.index)
    .map(([a, b]) => [a.name, b.name]);
}

async function nft(lab: LabState, lines: readonly string[], doing: string): Promise<void> {
  const argv = ["nsenter", `--net=${namespacePath(lab.switchNamespace)}`, "nft", "-f", "-"] as const;
  await runTool(argv, { runId: lab.runId, doing, stdin: `${lines.join("\n")}\n` });
}
