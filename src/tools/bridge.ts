import { z } from "zod";
import { runBatchFile } from "./batch-file.ts";
import { estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.strictObject({ tool: z.literal("bridge"), args: z.array(z.string()).readonly() });
type BridgeCommand = z.output<typeof schema>;

/** One line of bridge(8); those that stand together are one `bridge -batch`. */
export const bridge: Tool<BridgeCommand> = {
  tool: "bridge",
  schema,
  render: ({ args }) => [`bridge ${args.join(" ")}`],
  joins: () => true,
  estimateMs: estimateProcessMs,
  run: (commands, host) =>
    runBatchFile(
      "bridge",
      commands.map(({ args }) => args),
      host,
    ),
};
