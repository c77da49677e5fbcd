import { z } from "zod";
import { endedWith, estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.strictObject({ tool: z.literal("nft"), script: z.string() });
type NftCommand = z.output<typeof schema>;

/** Scripts of nft(8); those that stand together are one `nft -f`, so one transaction. */
export const nft: Tool<NftCommand> = {
  tool: "nft",
  schema,
  render: ({ script }) => ["nft -f - <<'.'", ...script.trimEnd().split("\n"), "."],
  joins: () => true,
  estimateMs: estimateProcessMs,
  run: async (commands, host) => endedWith(await host.run(["nft", "-f", "-"], commands.map(({ script }) => script).join(""))),
};
