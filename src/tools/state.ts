import { z } from "zod";
import { DONE, estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.strictObject({ tool: z.literal("state"), op: z.enum(["remember", "forget"]), key: z.string(), value: z.string() });
type StateCommand = z.output<typeof schema>;

/** Keeps or drops the former value of a foreign setting in the state directory: kept before the setting is written, dropped after that. */
export const state: Tool<StateCommand> = {
  tool: "state",
  schema,
  render: ({ op, key, value }) => [op === "remember" ? `# keep the former value of ${key}: ${value}` : `# forget ${key}`],
  batchedAs: "sysctl",
  joins: () => true,
  estimateMs: estimateProcessMs,

  async run(commands, host) {
    for (const { op, key, value } of commands) {
      const { [key]: known, ...others } = await host.readFormer();
      // the first value found is the one to give back; a later one would be ours
      await host.writeFormer(op === "forget" ? others : { ...others, [key]: known ?? value });
    }
    return DONE;
  },
};
