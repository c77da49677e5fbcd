import type { HostFacts } from "../../plan/facts.ts";
import type { OvsSpec } from "./spec.ts";

/** Where the tunnels of a network run: userspace only when asked for, or where the host's underlay is there already. */
export function datapathOf({ datapath }: OvsSpec, facts: Pick<HostFacts, "isUnderlayInUserspace">): "system" | "netdev" {
  return facts.isUnderlayInUserspace || datapath === "userspace" ? "netdev" : "system";
}
