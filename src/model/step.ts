import type { Difference } from "../kinds/kind.ts";
import type { Resource } from "../kinds/index.ts";

/**
 * Cluster-wide, with a barrier after each: `add` puts new beside old, `switch` moves over to it, and only after verify
 * and confirm does `remove` take the old away. So a revert never has to make again what was removed.
 */
export const STAGES = ["add", "switch", "remove"] as const;
export type Stage = (typeof STAGES)[number];

export type Action = "add" | "change" | "replace" | "remove";

/** One resource from one state to another. The inverse is the same step with its ends exchanged. */
export interface Step {
  /** "add/3": stage and place in it, unique on its host. */
  id: string;
  stage: Stage;
  action: Action;
  key: string;
  /** The key in a person's words: "VXLAN tunnel of apps". */
  label: string;
  before: Resource | null;
  after: Resource | null;
  /** What the host keeps for its next boot, when `after` says less: a table that only grew names its old rules alone. */
  wanted?: Resource | undefined;
  differences: readonly Difference[];
  /** What running containers notice. */
  impact: string;
}

export interface DraftStep extends Omit<Step, "id" | "label"> {
  /** Goes before everything else of its stage: another step takes its place. */
  makesRoom?: boolean;
}
