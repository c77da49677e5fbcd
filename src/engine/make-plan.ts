import type { Resource } from "../kinds/index.ts";
import type { Lock } from "../model/lock.ts";
import type { Plan } from "../model/plan.ts";
import { SpanwireError, type Problem } from "../model/problem.ts";
import { buildPlan, type BuildPlanInput } from "../plan/build-plan.ts";
import { deriveUuid } from "./derive-uuid.ts";
import { gatherHosts, type GatheredHosts, type GatherOptions } from "./gather-hosts.ts";
import { hostsOf, type Session } from "./session.ts";
import { settleLock } from "./settle-lock.ts";

export interface MakePlanOptions extends GatherOptions {
  /** Steps may touch the way a host is managed. */
  allowManagementPath?: boolean;
  /** Back to what was confirmed last, whatever the file says now. */
  repair?: boolean;
  /** Hosts that are to make their keys anew. */
  renew?: ReadonlySet<string>;
}

export interface PlannedHosts {
  plan: Plan;
  gathered: GatheredHosts;
}

/** Reads every host and works out what must change. The caller closes `gathered`. */
export async function makePlan(session: Session, only?: readonly string[], options: MakePlanOptions = {}): Promise<PlannedHosts> {
  return withHosts(session, only, options, async (gathered, lock) => {
    const confirmed = options.repair === true ? await readConfirmed(gathered, lock) : undefined;
    const plan = buildPlan(planInput(session, gathered, lock, options, confirmed));
    const refusals = plan.refusals.length === 0 ? [] : [...findUnderWay(gathered), ...plan.refusals];
    return { plan: { ...plan, refusals }, gathered };
  });
}

export interface SurveyedHosts extends PlannedHosts {
  /** Back to what was confirmed last: what has drifted since then, and nothing of what the file now says besides. */
  drift: Plan;
}

/** The plan, and beside it what part of it is drift; the rest waits for an apply. Changes nothing. The caller closes `gathered`. */
export async function surveyHosts(session: Session, only?: readonly string[]): Promise<SurveyedHosts> {
  const options = { allowManagementPath: true };
  return withHosts(session, only, options, async (gathered, lock) => {
    const plan = buildPlan(planInput(session, gathered, lock, options, undefined));
    const drift = buildPlan(planInput(session, gathered, lock, options, await readConfirmed(gathered, lock)));
    const refusals = plan.refusals.length === 0 ? [] : [...findUnderWay(gathered), ...plan.refusals];
    return { plan: { ...plan, refusals }, drift, gathered };
  });
}

function planInput(
  { spec }: Session,
  { snapshots, unreachable }: GatheredHosts,
  lock: Lock | undefined,
  { allowManagementPath, renew }: MakePlanOptions,
  confirmed: BuildPlanInput["confirmed"],
): BuildPlanInput {
  return {
    ...{ cluster: spec.cluster, lock, freshUuid: deriveUuid(spec.cluster, snapshots), snapshots, unreachable, locate: spec.locate },
    ...(allowManagementPath === true ? { allowManagementPath: true } : {}),
    ...(renew === undefined ? {} : { renew }),
    ...(confirmed === undefined ? {} : { confirmed }),
  };
}

/** Reads the hosts and the lock; whatever fails from there on closes the hosts, and says what else is known of them. */
async function withHosts<T>(
  session: Session,
  only: readonly string[] | undefined,
  options: MakePlanOptions,
  act: (gathered: GatheredHosts, lock: Lock | undefined) => Promise<T>,
): Promise<T> {
  const read = await gatherHosts(hostsOf(session, only), session.transport, options);
  try {
    const { lock, note } = await settleLock(session.locks, read.snapshots, options.settleAs !== undefined);
    return await act({ ...read, settled: [...read.settled, ...(note === undefined ? [] : [note])] }, lock);
  } catch (error) {
    await read.close();
    if (error instanceof SpanwireError)
      throw new SpanwireError([...findUnderWay(read), ...error.problems, ...read.unreachable], { cause: error });
    throw error;
  }
}

/** What each host was last confirmed to be. One that knows nothing of the cluster is left out: there is nothing to go back to. */
async function readConfirmed({ connections }: GatheredHosts, lock: Lock | undefined): Promise<Map<string, readonly Resource[]>> {
  if (lock === undefined) return new Map();
  const points = await Promise.all(
    [...connections].map(async ([host, connection]) => {
      const point = await connection.request("confirmed", { clusterUuid: lock.uuid });
      return point.resources === undefined ? [] : [[host, point.resources] as const];
    }),
  );
  return new Map(points.flat());
}

/** A host in the middle of another plan looks like nothing anybody wished for. */
function findUnderWay({ snapshots }: GatheredHosts): Problem[] {
  return [...snapshots].flatMap(([host, { lastPlan }]) =>
    lastPlan?.state !== "unfinished"
      ? []
      : [
          {
            kind: "conflict",
            doing: "reading",
            what: "the host",
            where: host,
            why: `plan ${lastPlan.planId} is under way there, or was cut off: what follows may come from that`,
            try: "run the same command again when it is done",
          },
        ],
  );
}
