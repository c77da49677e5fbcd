import type { Preparation } from "./prepared.ts";
import { createHash } from "node:crypto";
import type { Lock } from "./lock.ts";
import type { ResolvedNetwork } from "./network.ts";
import type { Problem } from "./problem.ts";
import type { Step } from "./step.ts";

/** Every change of one run, as a value: printed, saved, and applied exactly. */
export interface Plan {
  version: 2;
  kind: "plan";
  cluster: string;
  clusterUuid: string;
  /** Digest of the lock it was made from; null: there was none. Another one on disk makes the plan stale. */
  lockBefore: string | null;
  /** Written before the first host is touched. null: the plan removes the cluster. */
  lock: Lock | null;
  lockChanges: readonly string[];
  /** What it was made for: a saved plan is verified against these, whatever the file says by then. */
  networks: readonly ResolvedNetwork[];
  hosts: readonly HostPlan[];
  /** Why it must not be carried out. */
  refusals: readonly Problem[];
  warnings: readonly Problem[];
  /** What the file wishes and what is pinned does not allow now. */
  unmet: readonly Problem[];
  /** What ails containers, or will after this plan, that no step of it mends. */
  members: readonly Problem[];
}

export interface HostPlan {
  host: string;
  address: string;
  ssh: string;
  /** The host left the cluster (or the cluster is being destroyed): its tombstone goes when all steps are done. */
  leaving: boolean;
  /** What the plan was made from; see fingerprint.ts. */
  basis: string;
  steps: readonly Step[];
  /** What could not be looked at on this host, and why: nothing is said of it. */
  unseen: readonly string[];
  /** What the host makes for itself before anything else; until then something stands for it in the steps of all hosts. */
  prepare?: readonly Preparation[];
}

export interface PlanSummary {
  add: number;
  change: number;
  replace: number;
  remove: number;
}

export function summarisePlan(plan: Pick<Plan, "hosts">): PlanSummary {
  const summary = { add: 0, change: 0, replace: 0, remove: 0 };
  for (const { steps } of plan.hosts) for (const step of steps) summary[step.action] += 1;
  return summary;
}

export function hasChanges(plan: Pick<Plan, "hosts">): boolean {
  return plan.hosts.some(({ steps }) => steps.length > 0);
}

/** Names a plan by its content: the same plan has the same id, an edited one another. */
export function planIdOf(plan: Plan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 16);
}
