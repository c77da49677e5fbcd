import { isIPv6 } from "node:net";
import { describeRun, run } from "../../util/run.ts";
import { parsePingOutput } from "./ping-output.ts";
import type { PingParams, PingResult } from "./protocol.ts";

/** IP header (RFC 791 without options, RFC 8200) and ICMP echo header (RFC 792, RFC 4443). */
const HEADERS_BYTES = { ipv4: 20 + 8, ipv6: 40 + 8 };
/** Processes at a time; a ping costs some 3 ms of CPU. */
const PARALLEL = 16;
const INTERVAL_SECONDS = "0.01";
/** Only ping itself says these: without them something before it failed, such as entering the namespace. */
const STATISTICS = "packets transmitted";
const LOCAL_ERROR = /^ping: /m;

/** Pings every target; `prefix` enters another namespace first. */
export async function ping(params: PingParams, prefix: readonly string[] = []): Promise<PingResult[]> {
  const results: PingResult[] = [];
  const queue = [...params.targets.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await pingOne(next[1], params, prefix);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return results;
}

async function pingOne(target: string, params: PingParams, prefix: readonly string[]): Promise<PingResult> {
  const headers = isIPv6(target) ? HEADERS_BYTES.ipv6 : HEADERS_BYTES.ipv4;
  const timeoutSeconds = (params.timeoutMs / 1000).toFixed(2);
  const [command, ...entering] = [...prefix, "ping"];
  const argv: [string, ...string[]] = [
    command,
    ...entering,
    "-n",
    "-c",
    String(params.count),
    "-i",
    INTERVAL_SECONDS,
    "-W",
    timeoutSeconds,
  ];
  if (params.sizeBytes !== undefined) argv.push("-s", String(params.sizeBytes - headers));
  if (params.dontFragment === true) argv.push("-M", "do");
  const result = await run([...argv, target], { timeoutMs: params.timeoutMs + 10_000 });
  if (!result.stdout.includes(STATISTICS) && !LOCAL_ERROR.test(result.stderr)) throw new Error(describeRun(result));
  return parsePingOutput(target, result.stdout, result.stderr);
}
