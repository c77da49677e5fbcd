import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PATIENCE } from "./patience.ts";

const PORT = 9010;
/** An emulated processor would be busy with the traffic alone. */
const SLOWER = Math.ceil(PATIENCE / 4);
const BROADCAST_EVERY_MS = 5 * SLOWER;
const PING_EVERY_MS = 10 * SLOWER;
/** A ping whose test failed before it could stop it ends by itself. */
const LONGEST_S = String(300 * PATIENCE);
/** Without an answer for so long, everything sent and not answered counts as lost. */
const LAST_ANSWER_MS = 3000 * PATIENCE;

/** Sends a numbered broadcast every few milliseconds until its input ends, then says how many. */
const SENDER = `
  const socket = require("node:dgram").createSocket("udp4");
  socket.bind(0, () => {
    socket.setBroadcast(true);
    let sent = 0;
    const timer = setInterval(() => socket.send(String(++sent), ${PORT}, process.argv[1]), ${BROADCAST_EVERY_MS});
    process.stdout.write("ready\\n");
    process.stdin.resume().on("end", () => { clearInterval(timer); setTimeout(() => process.stdout.write(sent + "\\n", () => process.exit()), 300); });
  });
`;
/** Counts copies and different numbers until its input ends. */
const RECEIVER = `
  const seen = new Set();
  let copies = 0;
  const socket = require("node:dgram").createSocket("udp4").on("message", (message) => { copies++; seen.add(String(message)); });
  socket.bind(${PORT}, () => process.stdout.write("ready\\n"));
  process.stdin.resume().on("end", () => process.stdout.write(JSON.stringify({ copies, numbers: [...seen].map(Number) }) + "\\n", () => process.exit()));
`;

export interface BroadcastCount {
  sent: number;
  /** Per receiver, in order. */
  received: { copies: number; distinct: number; longestGapMs: number }[];
}

/** The longest run of numbers from 1 to `sent` without an arrival. */
function findLongestGap(sent: number, arrived: Iterable<number>): number {
  const numbers = [0, ...arrived, sent + 1].sort((a, b) => a - b);
  return Math.max(0, ...numbers.slice(1).map((number, index) => number - numbers[index]! - 1));
}

/** Broadcasts from one container's namespace, counted in others, until `stop`. */
export async function watchBroadcasts(
  sender: { pid: number; broadcast: string },
  receivers: readonly { pid: number }[],
): Promise<{ stop(): Promise<BroadcastCount> }> {
  const listening = await Promise.all(receivers.map(({ pid }) => start(pid, RECEIVER)));
  const sending = await start(sender.pid, SENDER, sender.broadcast);
  return {
    async stop() {
      const sent = Number(await sending.end());
      const received = await Promise.all(
        listening.map(async ({ end }) => {
          const { copies, numbers } = JSON.parse(await end()) as { copies: number; numbers: number[] };
          return { copies, distinct: numbers.length, longestGapMs: findLongestGap(sent, numbers) * BROADCAST_EVERY_MS };
        }),
      );
      return { sent, received };
    },
  };
}

async function start(pid: number, program: string, ...argv: string[]): Promise<{ end(): Promise<string> }> {
  const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "--", process.execPath, "-e", program, ...argv], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async end() {
      child.stdin.end();
      return (await lines.next()).value ?? "";
    },
  };
}

/** Not `ping -w`: that ends with the first error from the network (ping(8)), and a long outage brings some. */
const endlessPing = ["timeout", "--signal=INT", LONGEST_S, "ping"] as const;

export interface PingCount {
  sent: number;
  received: number;
  duplicates: number;
  longestGapMs: number;
}

/** A ping every few milliseconds from a container's namespace until `stop`, which awaits one more answer: what is still on its way is not lost. */
export function watchPings(pid: number, address: string): { stop(): Promise<PingCount> } {
  const child = spawn(
    "nsenter",
    [`--net=/proc/${pid}/ns/net`, "--", ...endlessPing, "-n", "-i", String(PING_EVERY_MS / 1000), "-W", "1", address],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const closed = once(child, "close");
  const answered = new Set<number>();
  let duplicates = 0;
  let transmitted = 0;
  const lines = createInterface({ input: child.stdout }).on("line", (line) => {
    const sequence = /bytes from .* icmp_seq=(\d+) /.exec(line)?.[1];
    if (sequence === undefined) transmitted = Number(/^(\d+) packets transmitted/.exec(line)?.[1] ?? transmitted);
    else if (line.includes("(DUP!)")) duplicates++;
    else answered.add(Number(sequence));
    if (sequence !== undefined) lines.emit("answer");
  });
  return {
    async stop() {
      const isAnswered = await once(lines, "answer", { signal: AbortSignal.timeout(LAST_ANSWER_MS) }).then(
        () => true,
        () => false,
      );
      const last = Math.max(0, ...answered);
      child.kill("SIGINT"); // ping prints its counts
      await closed;
      const sent = isAnswered ? last : transmitted;
      const arrived = [...answered].filter((sequence) => sequence <= sent);
      return { sent, received: arrived.length, duplicates, longestGapMs: findLongestGap(sent, arrived) * PING_EVERY_MS };
    },
  };
}

/** A ping every 100 ms, from the first that is answered until `stop`: the longest time without an answer. */
export async function watchGaps(pid: number, address: string): Promise<{ stop(): Promise<{ longestGapMs: number }> }> {
  const words = [...endlessPing, "-D", "-i", "0.1", address];
  const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "--", ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const times: number[] = [];
  await new Promise<void>((resolve) =>
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [, seconds] = /^\[([\d.]+)\] \d+ bytes from/.exec(line) ?? [];
      if (seconds === undefined) return;
      times.push(Number(seconds) * 1000);
      resolve();
    }),
  );
  return {
    async stop() {
      child.kill("SIGINT");
      await closed;
      return { longestGapMs: Math.round(Math.max(...times.slice(1).map((time, index) => time - times[index]!))) };
    },
  };
}
