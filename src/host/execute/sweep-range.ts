import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { addressAt, prefixSize } from "../../net/prefix.ts";
import { run } from "../../util/run.ts";
import { PATIENCE } from "../../util/patience.ts";
import { readJson } from "../observe/read-json.ts";

export interface Squatter {
  address: string;
  mac: string;
}

/** RFC 863: a datagram nobody answers, whose only use is that the kernel must resolve the address first. */
const DISCARD_PORT = 9;
/** Well under the kernel's neighbour table limit (gc_thresh3, 1024 for all namespaces together). */
const CHUNK = 128;
/** A neighbour on one segment answers within a millisecond; across a slow line, within this. Twice at most: it is waited for each chunk. */
const ANSWER_MS = 200 * Math.min(PATIENCE, 2);
/** A slice larger than this is swept from its start, where Docker begins to hand out addresses. */
const MOST_ADDRESSES = 2048;

/** Asks by ARP who on the segment already uses an address of the range. The kernel does the asking. */
export async function sweepRange(device: string, range: string): Promise<{ squatters: Squatter[]; asked: number }> {
  const size = Math.min(Number(prefixSize(range)), MOST_ADDRESSES);
  const socket = createSocket("udp4");
  socket.on("error", () => {
    // An address without an answer comes back as an ICMP error: that is the good case.
  });
  socket.bind(0);
  await once(socket, "listening");
  const squatters: Squatter[] = [];
  try {
    for (let start = 0; start < size; start += CHUNK) {
      const addresses = Array.from({ length: Math.min(CHUNK, size - start) }, (_, offset) => addressAt(range, BigInt(start + offset)));
      squatters.push(...(await sweepChunk(socket, device, addresses)));
    }
  } finally {
    socket.close();
  }
  return { squatters, asked: size };
}

async function sweepChunk(socket: Socket, device: string, addresses: readonly string[]): Promise<Squatter[]> {
  await Promise.all(addresses.map((address) => new Promise<void>((resolve) => socket.send("", DISCARD_PORT, address, () => resolve()))));
  await wait(ANSWER_MS); // absence can only be waited for
  const asked = new Set(addresses);
  const entries = await readJson<{ dst: string; lladdr?: string; state: string[] }[]>(["ip", "-j", "neigh", "show", "dev", device]);
  const found = entries.flatMap((entry) =>
    entry.lladdr !== undefined && asked.has(entry.dst) ? [{ address: entry.dst, mac: entry.lladdr }] : [],
  );
  // leave no trace of the questions in the neighbour table (permanent entries are not flushed)
  await run(["ip", "neigh", "flush", "dev", device]);
  return found;
}
