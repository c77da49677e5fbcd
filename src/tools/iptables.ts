import { z } from "zod";
import { DONE, endedWith, estimateProcessMs, type Tool } from "./tool.ts";

/**
 * DOCKER-USER of the filter table: Docker jumps to it before any rule of its own, and leaves what is in it alone
 * (docs.docker.com/engine/network/packet-filtering-firewalls). PREROUTING of the raw table: Docker 28 appends its drops there.
 */
const TABLES = { "DOCKER-USER": "filter", PREROUTING: "raw" } as const;
export type AcceptChain = keyof typeof TABLES;

const schema = z.strictObject({
  tool: z.literal("iptables"),
  op: z.enum(["accept", "withdraw"]),
  chain: z.enum(["DOCKER-USER", "PREROUTING"]),
  /** As `iptables -S` prints it, without chain and comment: "-s 10.64.0.0/16 -d 10.64.0.0/16 -j ACCEPT". */
  rule: z.string().regex(/^[ -~]{1,500}$/),
  comment: z.string().regex(/^[a-zA-Z0-9=,./:_-]{1,255}$/),
});
type IptablesCommand = z.output<typeof schema>;

/** How long another process may hold the lock of the tables (iptables(8), --wait). */
const WAIT_S = "10";

/** Rules of ours before Docker's; iptables(8) takes one a call. */
export const iptables: Tool<IptablesCommand> = {
  tool: "iptables",
  schema,
  render: (command) => [["iptables", ...words(command.op === "accept" ? "-I" : "-D", command)].join(" ")],
  joins: () => true,
  estimateMs: (commands) => commands.length * estimateProcessMs(commands),

  async run(commands, host) {
    const call = async (...args: readonly string[]) => host.run(["iptables", "--wait", WAIT_S, ...args]);
    for (const command of commands) {
      if (command.op === "accept") {
        if (command.chain === "DOCKER-USER") await call("-N", command.chain); // before Docker has first started; fails where it is
        if ((await call(...words("-C", command))).exitCode === 0) continue;
      }
      const result = endedWith(await call(...words(command.op === "accept" ? "-I" : "-D", command)));
      if (!result.ok) return result;
    }
    return DONE;
  },
};

const words = (verb: "-C" | "-I" | "-D", { chain, rule, comment }: IptablesCommand): string[] => [
  ...(TABLES[chain] === "filter" ? [] : ["-t", TABLES[chain]]),
  ...[verb, chain],
  ...rule.split(" "),
  ...["-m", "comment", "--comment", comment],
];
