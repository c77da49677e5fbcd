import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { describeRun, run } from "../../util/run.ts";
import type { ResolveParams, ResolveResult } from "./protocol.ts";

/** RFC 863: what arrives there is thrown away. Only the question "who has this address" matters. */
const DISCARD_PORT = 9;
/** Addresses at a time: the kernel's neighbour table holds 1,024 for the whole machine (arp(7), gc_thresh3). */
const CHUNK = 64;

/** Asks the own segment for addresses that are not on it, and tells which answered. */
export async function resolveOnLink(params: ResolveParams): Promise<ResolveResult> {
  const answers: { address: string; mac: string | null }[] = [];
  for (let start = 0; start < params.addresses.length; start += CHUNK) {
    answers.push(...(await resolveChunk(params.addresses.slice(start, start + CHUNK), params.waitMs)));
  }
  return answers;
}

async function resolveChunk(addresses: readonly string[], waitMs: number): Promise<{ address: string; mac: string | null }[]> {
  await ipBatch(addresses.map((address) => `route replace ${hostRoute(address)} dev eth0`));
  await Promise.all(addresses.map(sendOne));
  await new Promise((resolve) => setTimeout(resolve, waitMs)); // silence is the expected answer: nothing to await
  const result = await run(["ip", "-j", "neigh", "show", "dev", "eth0"]);
  if (result.exitCode !== 0) throw new Error(describeRun(result));
  const neighbours = JSON.parse(result.stdout || "[]") as { dst: string; lladdr?: string }[];
  await ipBatch(addresses.flatMap((address) => [`route del ${hostRoute(address)} dev eth0`, `neigh flush to ${address} dev eth0`]));
  return addresses.map((address) => ({ address, mac: neighbours.find(({ dst }) => dst === address)?.lladdr ?? null }));
}

function hostRoute(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}

function sendOne(address: string): Promise<void> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  return new Promise((resolve) => {
    socket.send("", DISCARD_PORT, address, () => {
      socket.close(); // an error here means "no neighbour", which the table tells better
      resolve();
    });
  });
}

async function ipBatch(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const result = await run(["ip", "-batch", "-"], { stdin: `${lines.join("\n")}\n` });
  if (result.exitCode !== 0) throw new Error(describeRun(result));
}
