import { z } from "zod";
import { estimateProcessMs, type BatchResult, type Tool, type ToolHost } from "./tool.ts";

const schema = z.strictObject({
  tool: z.literal("ovs"),
  args: z.array(z.string()).readonly(),
  /** Begins a transaction of its own. */
  apart: z.literal(true).exactOptional(),
});
export type OvsCommand = z.output<typeof schema>;

/** Seconds ovs-vsctl waits for ovs-vswitchd to do what the database says; a daemon that hangs must not hang us (ovs-vsctl(8), --timeout). */
const TIMEOUT_S = 20;
/** Longest run of arguments in one process; the kernel takes 2 MB with the environment (execve(2)). */
const MOST_ARGUMENT_BYTES = 1_000_000;

/** Commands of ovs-vsctl(8); those that stand together are one transaction. */
export const ovs: Tool<OvsCommand> = {
  tool: "ovs",
  schema,
  render: ({ args }) => [`ovs-vsctl ${args.join(" ")}`],
  joins: ({ apart }) => apart !== true,
  estimateMs: (commands) => estimateProcessMs(commands) + TIMEOUT_S * 1000,
  run: runTransaction,
};

/** All of it or nothing. It may complain and exit 0, so what it says counts too. */
async function runTransaction(commands: readonly OvsCommand[], host: ToolHost): Promise<BatchResult> {
  const words = commands.flatMap(({ args }) => ["--", ...args]);
  if (words.reduce((sum, word) => sum + word.length + 1, 0) > MOST_ARGUMENT_BYTES) {
    const half = Math.ceil(commands.length / 2);
    const first = await runTransaction(commands.slice(0, half), host);
    return first.ok ? runTransaction(commands.slice(half), host) : first;
  }
  const timeoutS = host.stretchSeconds(TIMEOUT_S);
  const result = await host.run(["ovs-vsctl", `--timeout=${timeoutS}`, ...words]);
  const complaint = /^ovs-vsctl: Error detected while setting up .*$/m.exec(result.stderr)?.[0];
  if (result.exitCode === 0) return { ok: complaint === undefined, why: complaint ?? "", notes: [] };
  const why = result.signal === "SIGALRM" ? `ovs-vswitchd did not follow within ${timeoutS} s` : result.description;
  return { ok: false, why, notes: [] };
}
