import type { HostFacts } from "../../model/host-state.ts";
import type { OvsSpec } from "./spec.ts";

/** Where the tunnels of a network run: userspace only when asked for, or where the host's underlay is there already. */
export function datapathOf({ datapath }: OvsSpec, facts: Pick<HostFacts, "isUnderlayInUserspace"> | undefined): "system" | "netdev" {
  return facts?.isUnderlayInUserspace === true || datapath === "userspace" ? "netdev" : "system";
}
