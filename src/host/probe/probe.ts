import { writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { SpanwireError, type Problem, type ProblemKind } from "../../model/problem.ts";
import { describeRun, run, type RunResult } from "../../util/run.ts";
import { PATIENCE } from "../../util/patience.ts";
import { startProbeProcess } from "./probe-process.ts";
import type { ProbeSpec } from "./protocol.ts";

export interface Probe {
  request(op: string, params: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** A bridge port forwards as soon as its carrier is there, unless somebody switched STP on: then listening and learning. */
const FORWARDING_TIMEOUT_MS = Math.round(5_000 * PATIENCE);
const POLL_MS = 10;
/** A probe that ended a moment ago: the kernel removes its veth pair with the namespace, in the background. */
const LEFTOVER_TIMEOUT_MS = 2_000 * PATIENCE;

/** At most 15 bytes (IFNAMSIZ). One name per bridge: two verify runs cannot both use the one probe address. */
export function formatProbeLink(bridge: string): string {
  return `spwp${createHash("sha256").update(bridge).digest("hex").slice(0, 10)}`;
}

/** A ready endpoint on the bridge; rejects with SpanwireError and leaves nothing behind when it cannot be had. */
export async function startProbe(spec: ProbeSpec, selfArgv: readonly string[]): Promise<Probe> {
  const link = formatProbeLink(spec.bridge);
  const child = await startProbeProcess(selfArgv).catch((error: unknown) => {
    throw problem(
      spec,
      "unsupported",
      (error as Error).message,
      "check that this host has unshare (util-linux) and that spanwire runs as root there",
    );
  });
  let linked = false;
  const close = async (): Promise<void> => {
    if (linked) await run(["ip", "link", "del", link]); // fails when the probe, and with it the link, is already gone
    linked = false;
    await child.close();
    await awaitGone(spec, link);
  };
  try {
    await createLink(spec, link, child.pid);
    linked = true;
    await joinBridge(spec, link);
    await child.request("configure", { cidr: spec.cidr, gateway: spec.gateway }).catch((error: unknown) => {
      throw problem(spec, "command", (error as Error).message, "run the same command with -v and report this");
    });
    await awaitForwarding(spec, link);
  } catch (error) {
    if (linked) await close();
    else await child.close();
    throw error;
  }
  return { request: child.request, close };
}

async function createLink(spec: ProbeSpec, link: string, pid: number): Promise<void> {
  const mtu = String(spec.mtuBytes);
  const peer = ["peer", "name", "eth0", "netns", String(pid), "address", spec.mac, "mtu", mtu];
  const deadline = performance.now() + LEFTOVER_TIMEOUT_MS;
  for (;;) {
    const result = await run(["ip", "link", "add", link, "mtu", mtu, "type", "veth", ...peer]);
    if (result.exitCode === 0) return;
    if (!result.stderr.includes("File exists")) throw commandProblem(spec, result);
    if (performance.now() > deadline) {
      throw problem(
        spec,
        "conflict",
        `link ${link} already exists: another verify is at work on this host`,
        "wait for it to end, then verify again",
      );
    }
    await pause();
  }
}

/**
 * A bridge port that is up and knows IPv6 is an entry in the host's routing table, and Open vSwitch in userspace reads
 * that table anew at every change (lib/route-table.c): a packet for a tunnel that comes meanwhile is lost.
 */
async function keepOutOfRouting(link: string): Promise<void> {
  await writeFile(`/proc/sys/net/ipv6/conf/${link}/disable_ipv6`, "1").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error; // a kernel without IPv6
  });
}

async function joinBridge(spec: ProbeSpec, link: string): Promise<void> {
  await keepOutOfRouting(link);
  const script = `link set ${link} alias ${spec.mark} addrgenmode none\nlink set ${link} master ${spec.bridge}\nlink set ${link} up\n`;
  const result = await run(["ip", "-batch", "-"], { stdin: script });
  if (result.exitCode === 0) return;
  if (/-:2|Device does not exist/.test(result.stderr)) {
    throw problem(
      spec,
      "verify",
      `bridge ${spec.bridge} is missing or takes no port`,
      "run `spanwire plan` to see what is missing, then `spanwire apply`",
    );
  }
  throw commandProblem(spec, result);
}

async function awaitForwarding(spec: ProbeSpec, link: string): Promise<void> {
  const deadline = performance.now() + FORWARDING_TIMEOUT_MS;
  for (let state = ""; ; await pause()) {
    const result = await run(["ip", "-j", "-d", "link", "show", "dev", link]);
    if (result.exitCode !== 0) throw commandProblem(spec, result);
    const [info] = JSON.parse(result.stdout) as { linkinfo?: { info_slave_data?: { state?: string } } }[];
    state = info?.linkinfo?.info_slave_data?.state ?? "no state";
    if (state === "forwarding") return;
    if (performance.now() > deadline) {
      const why = `its port on bridge ${spec.bridge} is still "${state}" after ${FORWARDING_TIMEOUT_MS} ms`;
      throw problem(spec, "verify", why, `check that bridge ${spec.bridge} is up and has STP off; \`spanwire plan\` shows drift`);
    }
  }
}

async function awaitGone(spec: ProbeSpec, link: string): Promise<void> {
  const deadline = performance.now() + LEFTOVER_TIMEOUT_MS;
  while ((await run(["ip", "link", "show", "dev", link])).exitCode === 0) {
    if (performance.now() > deadline)
      throw problem(spec, "command", `link ${link} is still there after the probe ended`, `ip link del ${link}`);
    await pause();
  }
}

/** Link events need a netlink socket, which Node does not have: the link is asked again instead, up to a deadline. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function commandProblem(spec: ProbeSpec, result: RunResult): SpanwireError {
  return problem(spec, "command", describeRun(result), "run the same command with -v and report this");
}

function problem(spec: ProbeSpec, kind: ProblemKind, why: string, advice: string): SpanwireError {
  const found: Problem = { kind, doing: "starting", what: `the probe endpoint of network ${spec.network}`, where: "", why, try: advice };
  return new SpanwireError(found);
}
