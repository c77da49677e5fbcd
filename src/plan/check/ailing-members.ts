import type { ResolvedNetwork } from "../../model/network.ts";
import type { Problem } from "../../model/problem.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Step } from "../../model/step.ts";
import { ATTACHMENTS } from "../../attach/index.ts";

/** What ails members, or will after these steps, that no step of ours mends. */
export function findAilingMembers(
  networks: readonly ResolvedNetwork[],
  snapshots: ReadonlyMap<string, Snapshot>,
  steps: ReadonlyMap<string, readonly Step[]>,
): Problem[] {
  return [...ATTACHMENTS].flatMap(([type, attachment]) => {
    const mine = networks.filter((network) => network.attach.type === type);
    return attachment.findMemberTroubles?.({ networks: mine, snapshots, steps }) ?? [];
  });
}
