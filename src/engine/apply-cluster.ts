import type { Lock } from "../model/lock.ts";
import { hasChanges, planIdOf, type Plan } from "../model/plan.ts";
import { SpanwireError, type Problem } from "../model/problem.ts";
import { requireAllowed } from "../plan/build-plan.ts";
import { applyPlan, type ApplyInput, type ApplyResult } from "./apply-plan.ts";
import type { VerifyReport } from "../verify/report/report.ts";
import type { PlannedHosts } from "./make-plan.ts";
import type { Session } from "./session.ts";
import { prepareVerification } from "./verify-planned.ts";

export interface ApplyClusterOptions extends Pick<ApplyInput, "operator" | "confirmWithinMs" | "approve" | "repair"> {
  /** Measure what was changed before it is confirmed. */
  verify: boolean;
  onProgress: ApplyInput["onProgress"];
  onConfirm?: NonNullable<ApplyInput["onConfirm"]>;
  /** Hears what was broken before the change and still is. */
  onStanding(failures: readonly Problem[]): void;
  /** Hears what was measured before the confirm. */
  onMeasured?: (report: VerifyReport) => void;
  /** Carries it out; for whoever keeps a record of it. */
  act?: (input: ApplyInput) => Promise<ApplyResult>;
}

/**
 * A plan on all its hosts, which are prepared for it (prepare-hosts.ts), and its lock with it: the lock is written before the first host is touched, kept when hosts
 * are as planned, and put back when all have gone back. Throws what the plan refuses.
 */
export async function applyCluster(
  { plan, gathered }: PlannedHosts,
  { locks, transport }: Pick<Session, "locks" | "transport">,
  options: ApplyClusterOptions,
): Promise<ApplyResult> {
  requireAllowed(plan);
  if (plan.hosts.some(({ prepare }) => prepare !== undefined)) throw new Error("the plan's hosts are not prepared for it");
  if (gathered.snapshots.size === 0 && gathered.unreachable.length > 0) throw new SpanwireError(gathered.unreachable);
  const isBegun = plan.lock !== null && (await locks.begin({ planId: planIdOf(plan), before: plan.lockBefore, next: plan.lock }));
  const prove = await prepareProof({ plan, gathered }, options).catch(async (error: unknown) => {
    if (isBegun) await locks.rollback(); // no host has heard of the plan
    throw error;
  });
  const { operator, onProgress, act = applyPlan } = options;
  const result = await act({
    ...{ plan, connections: gathered.connections, transport, operator, onProgress },
    ...(options.onConfirm === undefined ? {} : { onConfirm: options.onConfirm }),
    ...(options.confirmWithinMs === undefined ? {} : { confirmWithinMs: options.confirmWithinMs }),
    ...(options.approve === undefined ? {} : { approve: options.approve }),
    ...(options.repair === undefined ? {} : { repair: options.repair }),
    verify: async () => {
      onProgress("cluster", "verify");
      return prove();
    },
  });
  if (result.outcome !== "reverted") await keepLock(result, plan, locks);
  else if (isBegun) await locks.rollback();
  return result;
}

async function prepareProof({ plan, gathered }: PlannedHosts, options: ApplyClusterOptions): Promise<ApplyInput["verify"]> {
  return options.verify && hasChanges(plan) ? prepareVerification(plan, gathered, options) : async () => [];
}

/** Of a mixed outcome the new lock holds what some hosts have by now; the next apply brings the others there. */
async function keepLock({ outcome }: ApplyResult, plan: Plan, locks: Session["locks"]): Promise<void> {
  if (plan.lock === null) return;
  await locks.commit(outcome === "mixed" ? plan.lock : withoutTombstones(plan.lock, plan));
}

/** A removed host whose every trace was seen to be gone needs no tombstone any more. */
function withoutTombstones(lock: Lock, plan: Plan): Lock {
  const cleaned = new Set(plan.hosts.filter((host) => host.leaving).map((host) => host.host));
  if (cleaned.size === 0) return lock;
  const keep = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !cleaned.has(name)));
  const networks = Object.entries(lock.networks).map(([name, network]) => [name, { ...network, slices: keep(network.slices) }]);
  return { ...lock, networks: Object.fromEntries(networks), removedHosts: keep(lock.removedHosts) };
}
