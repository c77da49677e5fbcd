import { z } from "zod";
import { DONE, estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.strictObject({ tool: z.literal("sysctl"), key: z.string(), value: z.string() });
type SysctlCommand = z.output<typeof schema>;

/** A kernel setting (proc_sys(5)). */
export const sysctl: Tool<SysctlCommand> = {
  tool: "sysctl",
  schema,
  render: ({ key, value }) => [`sysctl -w ${key}=${value}`],
  joins: () => true,
  estimateMs: estimateProcessMs,

  async run(commands, host) {
    for (const { key, value } of commands) await host.writeSysctl(key, value);
    return DONE;
  },
};
