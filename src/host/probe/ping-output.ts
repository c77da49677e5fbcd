import type { PingResult } from "./protocol.ts";

const RECEIVED = /(\d+) (?:packets )?received/;
const ROUND_TRIP = /^rtt min\/avg\/max\/mdev = ([\d.]+)\//m;
const TOO_BIG = /(?:too long|frag needed|too big).*?mtu\s*=\s*(\d+)/i;
/** "From 10.0.0.1 icmp_seq=1 Destination Host Unreachable": what a router, a firewall or the own kernel answered. */
const ICMP_ERROR = /^From (\S+?):? icmp_seq=\d+ (.+)$/m;
const LOCAL_ERROR = /^ping: (.+)$/m;

/** Reads what iputils' ping(8) says in the C locale. */
export function parsePingOutput(target: string, stdout: string, stderr: string): PingResult {
  const text = `${stdout}\n${stderr}`;
  const icmp = ICMP_ERROR.exec(text);
  const tooBig = TOO_BIG.exec(text);
  const roundTrip = ROUND_TRIP.exec(text);
  return {
    target,
    received: Number(RECEIVED.exec(text)?.[1] ?? 0),
    rttMs: roundTrip === null ? null : Number(roundTrip[1]),
    tooBigMtuBytes: tooBig === null ? null : Number(tooBig[1]),
    error: icmp === null ? (LOCAL_ERROR.exec(text)?.[1] ?? "") : `${icmp[2]} (from ${icmp[1]})`,
  };
}
