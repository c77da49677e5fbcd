import { z } from "zod";
import { runBatchFile } from "./batch-file.ts";
import { estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.strictObject({ tool: z.literal("ip"), args: z.array(z.string()).readonly() });
type IpCommand = z.output<typeof schema>;

/** One line of ip(8); those that stand together are one `ip -batch`. */
export const ip: Tool<IpCommand> = {
  tool: "ip",
  schema,
  render: ({ args }) => [`ip ${args.join(" ")}`],
  joins: () => true,
  estimateMs: estimateProcessMs,
  run: (commands, host) =>
    runBatchFile(
      "ip",
      commands.map(({ args }) => args),
      host,
    ),
};
