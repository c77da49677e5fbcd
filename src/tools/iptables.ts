import { z } from "zod";
import { DONE, endedWith, estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.strictObject({
  tool: z.literal("iptables"),
  op: z.enum(["accept", "withdraw"]),
  /** As `iptables -S` prints it, without chain and comment: "-s 10.64.0.0/16 -d 10.64.0.0/16 -j ACCEPT". */
  rule: z.string().regex(/^[ -~]{1,500}$/),
  comment: z.string().regex(/^[a-zA-Z0-9=,./:_-]{1,255}$/),
});
type IptablesCommand = z.output<typeof schema>;

/** Docker jumps to it before any rule of its own, and leaves what is in it alone (docs.docker.com/engine/network/packet-filtering-firewalls). */
export const DOCKER_USER_CHAIN = "DOCKER-USER";

/** How long another process may hold the lock of the tables (iptables(8), --wait). */
const WAIT_S = "10";

/** Rules in Docker's own chain for others; iptables(8) takes one a call. */
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
        await call("-N", DOCKER_USER_CHAIN); // before Docker has first started; it fails where the chain is
        if ((await call(...words("-C", command))).exitCode === 0) continue;
      }
      const result = endedWith(await call(...words(command.op === "accept" ? "-I" : "-D", command)));
      if (!result.ok) return result;
    }
    return DONE;
  },
};

const words = (verb: "-C" | "-I" | "-D", { rule, comment }: IptablesCommand): string[] => [
  ...[verb, DOCKER_USER_CHAIN],
  ...rule.split(" "),
  ...["-m", "comment", "--comment", comment],
];
