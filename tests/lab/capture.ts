import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One frame of a capture, as it was on the wire. */
export type Frame = Buffer;

/** tcpdump in a network namespace (by path) until `stop`, which answers what it saw; nothing is left on disk. */
export async function startCapture(namespace: string, device: string, ...filter: string[]): Promise<{ stop(): Promise<Frame[]> }> {
  const directory = await mkdtemp(join(tmpdir(), "spanwire-capture-"));
  const file = join(directory, "frames.pcap");
  // as root it may write there; -B and -s: room for many frames while the machine is busy with other things
  const words = ["tcpdump", "-Z", "root", "-B", "32768", "--immediate-mode", "-s", "2048", "-U", "-n", "-i", device, "-w", file, ...filter];
  const child = spawn("nsenter", [`--net=${namespace}`, "--", ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("listening on")) resolve();
    });
    child.once("close", () => reject(new Error(`tcpdump ended: ${said}`)));
  }).catch(async (error) => {
    await rm(directory, { recursive: true });
    throw error;
  });
  return {
    async stop() {
      const ended = once(child, "close");
      child.kill("SIGINT");
      await ended;
      const frames = splitFrames(await readFile(file));
      await rm(directory, { recursive: true });
      if (!/^0 packets dropped by kernel/m.test(said)) throw new Error(`the capture has holes: ${said}`);
      return frames;
    },
  };
}

/** The classic file format (pcap-savefile(5)), written on this machine: a header of 24 bytes, then 16 bytes before each frame. */
function splitFrames(file: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 24; at + 16 <= file.length;) {
    const length = file.readUInt32LE(at + 8);
    frames.push(file.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}

/** A frame inside a tunnel, and what the wire says about the tunnel. */
export interface Wrapped {
  /** "vxlan 4789 100", "gre 100", "gre", "geneve 6081 100": type, UDP port, key. */
  tunnel: string;
  from: string;
  to: string;
  inner: Frame;
}

const ETHERNET_BYTES = 14;
const [UDP, GRE] = [17, 47];

/**
 * Reads the headers by the RFCs alone. VXLAN and Geneve are told apart by their content, not by their port: VXLAN has
 * the I flag and zeroes around it (RFC 7348, 5), Geneve the protocol type 0x6558 (RFC 8926, 3.4).
 */
export function unwrap(frame: Frame): Wrapped | undefined {
  if (frame.length < 42 || frame.readUInt16BE(12) !== 0x0800) return undefined;
  const headerBytes = (frame.readUInt8(ETHERNET_BYTES) & 0x0f) * 4;
  const protocol = frame.readUInt8(ETHERNET_BYTES + 9);
  const ends = { from: addressAt(frame, ETHERNET_BYTES + 12), to: addressAt(frame, ETHERNET_BYTES + 16) };
  const payload = frame.subarray(ETHERNET_BYTES + headerBytes);
  if (protocol === GRE) return unwrapGre(payload, ends);
  if (protocol !== UDP || payload.length < 16) return undefined;
  const port = payload.readUInt16BE(2);
  const [flags, type, key] = [payload.readUInt32BE(8), payload.readUInt16BE(10), payload.readUInt32BE(12) >>> 8];
  if (flags === 0x0800_0000) return { tunnel: `vxlan ${port} ${key}`, ...ends, inner: payload.subarray(16) };
  if (type !== 0x6558) return undefined;
  const optionBytes = (payload.readUInt8(8) & 0x3f) * 4;
  return { tunnel: `geneve ${port} ${key}`, ...ends, inner: payload.subarray(16 + optionBytes) };
}

/** RFC 2784 and RFC 2890: optional fields of four bytes each stand behind the first four when their bit is set. */
function unwrapGre(payload: Buffer, ends: Pick<Wrapped, "from" | "to">): Wrapped | undefined {
  if (payload.readUInt16BE(2) !== 0x6558) return undefined;
  const [hasChecksum, hasKey, hasSequence] = [0x80, 0x20, 0x10].map((bit) => (payload.readUInt8(0) & bit) !== 0);
  const keyAt = hasChecksum ? 8 : 4;
  const innerAt = keyAt + (hasKey ? 4 : 0) + (hasSequence ? 4 : 0);
  return { tunnel: hasKey ? `gre ${payload.readUInt32BE(keyAt)}` : "gre", ...ends, inner: payload.subarray(innerAt) };
}

/** The sender's address in an IPv4 or ARP frame. */
export function findSource(frame: Frame): string | undefined {
  const type = frame.length < 34 ? 0 : frame.readUInt16BE(12);
  if (type === 0x0800) return addressAt(frame, ETHERNET_BYTES + 12);
  return type === 0x0806 ? addressAt(frame, ETHERNET_BYTES + 14) : undefined;
}

const addressAt = (frame: Buffer, at: number): string => [...frame.subarray(at, at + 4)].join(".");
