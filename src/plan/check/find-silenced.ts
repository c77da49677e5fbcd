import { dropsTunnel } from "../compile/compile-nft-table.ts";
import type { NftTableResource } from "../../kinds/nft-table.ts";
import type { Resource } from "../../kinds/index.ts";
import type { HostFacts } from "../../model/host-state.ts";
import type { StandingTunnel } from "../../model/host-state.ts";
import type { Step } from "../../model/step.ts";

/** A tunnel of somebody else that would no longer hear these sources. */
export interface Silenced {
  tunnel: StandingTunnel;
  sources: readonly string[];
}

/** What the firewall table drops after the steps and did not drop before. An unchanged table is no reason to refuse a plan. */
export function findSilenced(steps: readonly Step[], { tunnels }: Pick<HostFacts, "tunnels">): Silenced[] {
  const changes = steps.filter((step) => asTable(step.before) !== undefined || asTable(step.after) !== undefined);
  const before = asTable(changes[0]?.before);
  const after = asTable(changes.at(-1)?.after);
  if (after === undefined) return [];
  return tunnels.flatMap((tunnel) => {
    if (tunnel.isOurs || tunnel.isInUserspace) return [];
    const sources = tunnel.remotes.filter(
      (remote) => dropsTunnel(after, tunnel.wire, remote) && (before === undefined || !dropsTunnel(before, tunnel.wire, remote)),
    );
    return sources.length === 0 ? [] : [{ tunnel, sources }];
  });
}

const asTable = (resource: Resource | null | undefined): NftTableResource | undefined =>
  resource?.kind === "nft-table" ? resource : undefined;
