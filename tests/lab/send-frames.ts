import { run } from "../../src/util/run.ts";
import { demand, type ClusterLab } from "./cluster-lab.ts";
import type { Member } from "./start-member.ts";

/**
 * packet(7): socket(AF_PACKET 17, SOCK_RAW 3), and sockaddr_ll with the interface's index. Node has no raw sockets; Perl
 * is in every Debian (perl-base is essential).
 */
const SENDER = `
  my ($index, $times, @frames) = @ARGV;
  socket(my $socket, 17, 3, 0) or die "socket: $!";
  my $to = pack("S n i S C C a8", 17, 3, $index, 0, 0, 6, "");
  for (1 .. $times) { for my $frame (@frames) { defined(send($socket, pack("H*", $frame), 0, $to)) or die "send: $!" } select(undef, undef, undef, 0.02) }
`;

/** Raw frames out of a member's card, a round of them every 20 ms, as any container with NET_RAW (Docker's default) can send them. */
export async function sendFrames(cluster: ClusterLab, member: Member, card: string, frames: readonly Buffer[], times = 1): Promise<void> {
  const { stdout } = demand(await cluster.inside(member, "ip", "-j", "link", "show", card));
  const [{ ifindex }] = JSON.parse(stdout) as [{ ifindex: number }];
  const words = [String(ifindex), String(times), ...frames.map((frame) => frame.toString("hex"))];
  demand(await run(["nsenter", `--net=/proc/${member.pid}/ns/net`, "--", "perl", "-e", SENDER, ...words]));
}

const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(":", ""), "hex");
const addressBytes = (address: string): Buffer => Buffer.from(address.split(".").map(Number));

export interface Datagram {
  macs: { from: string; to: string };
  addresses: { from: string; to: string };
  port: number;
  text: string;
}

/** Ethernet, IPv4 (RFC 791) and UDP (RFC 768, without the optional checksum). */
export function buildDatagram({ macs, addresses, port, text }: Datagram): Buffer {
  const payload = Buffer.from(text);
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(28 + payload.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(17, 9);
  addressBytes(addresses.from).copy(ip, 12);
  addressBytes(addresses.to).copy(ip, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(port, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([macBytes(macs.to), macBytes(macs.from), Buffer.from([0x08, 0x00]), ip, udp, payload]);
}

/** Who has `of`? says the frame, in the name of `from`; broadcast (RFC 826). */
export function buildArp(mac: string, from: string, of: string): Buffer {
  const head = Buffer.from("ffffffffffff", "hex");
  const fixed = Buffer.from("08060001080006040001", "hex");
  return Buffer.concat([head, macBytes(mac), fixed, macBytes(mac), addressBytes(from), Buffer.alloc(6), addressBytes(of)]);
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/**
 * "I am the root, with priority 0": a configuration BPDU of STP or an RST BPDU (IEEE 802.1D-2004, 9.3) to the bridge
 * group address, in an LLC frame (length, 42 42 03).
 */
export function buildBpdu(mac: string, kind: "stp" | "rstp"): Buffer {
  const id = `0000${mac.replaceAll(":", "")}`;
  const isRapid = kind === "rstp";
  // protocol 0, version, type, flags, root, cost 0, bridge, port, message age 0, max age 20 s, hello 2 s, forward delay 15 s
  const bpdu = ["0000", isRapid ? "02" : "00", isRapid ? "02" : "00", isRapid ? "3c" : "01", id, "00000000", id, "8001"];
  const body = Buffer.from(`424203${bpdu.join("")}0000140002000f00${isRapid ? "00" : ""}`, "hex");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  const frame = Buffer.concat([macBytes("01:80:c2:00:00:00"), macBytes(mac), length, body]);
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, 60 - frame.length))]);
}
