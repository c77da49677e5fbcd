import { z } from "zod";
import { DONE, endedWith, estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.strictObject({ tool: z.literal("ethtool"), args: z.array(z.string()).readonly() });
type EthtoolCommand = z.output<typeof schema>;

/** ethtool(8) takes one device a call. */
export const ethtool: Tool<EthtoolCommand> = {
  tool: "ethtool",
  schema,
  render: ({ args }) => [`ethtool ${args.join(" ")}`],
  joins: () => true,
  estimateMs: estimateProcessMs,

  async run(commands, host) {
    for (const { args } of commands) {
      const result = endedWith(await host.run(["ethtool", ...args]));
      if (!result.ok) return result;
    }
    return DONE;
  },
};
