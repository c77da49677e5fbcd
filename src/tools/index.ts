import { bridge } from "./bridge.ts";
import { docker } from "./docker.ts";
import { ethtool } from "./ethtool.ts";
import { file } from "./file.ts";
import { ip } from "./ip.ts";
import { iptables } from "./iptables.ts";
import { nft } from "./nft.ts";
import { ovs } from "./ovs.ts";
import { state } from "./state.ts";
import { sysctl } from "./sysctl.ts";
import { wg } from "./wg.ts";
import type { Tool } from "./tool.ts";

/** The registry: a new tool is one file and one line here. */
const TOOLS = { ip, wg, bridge, ovs, ethtool, nft, iptables, sysctl, state, file, docker } as const;

type CommandOf<T> = T extends Tool<infer C> ? C : never;
export type ToolName = keyof typeof TOOLS;
/** One thing to run. Commands that stand together may become one process. */
export type Command = { [Name in ToolName]: CommandOf<(typeof TOOLS)[Name]> }[ToolName];

export const TOOL_NAMES = Object.keys(TOOLS) as readonly ToolName[];

/** The one place where a command meets its tool: the cast is sound because the registry is keyed by tool. */
export function toolOf<C extends Command>(command: C | C["tool"]): Tool<C> {
  return TOOLS[typeof command === "string" ? command : command.tool] as unknown as Tool<C>;
}
