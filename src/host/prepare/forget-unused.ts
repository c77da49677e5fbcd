import { kindOf } from "../../kinds/index.ts";
import type { StateDirectory } from "../state/state-directory.ts";

/** A host keeps what it made for itself exactly as long as something in its confirmed state needs it. */
export async function forgetUnused(clusterUuid: string, state: StateDirectory): Promise<void> {
  const point = (await state.readPoints()).find((candidate) => candidate.clusterUuid === clusterUuid);
  await state.keepKeys(clusterUuid, new Set(point?.resources.flatMap((resource) => kindOf(resource).prepared?.(resource) ?? [])));
}
