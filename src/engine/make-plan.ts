import type { Resource } from "../kinds/index.ts";
import type { Lock } from "../model/lock.ts";
import type { Plan } from "../model/plan.ts";
import { SpanwireError, type Problem } from "../model/problem.ts";
import { buildPlan } from "../plan/build-plan.ts";
import { deriveUuid } from "./derive-uuid.ts";
import { gatherHosts, type GatheredHosts, type GatherOptions } from "./gather-hosts.ts";
import { hostsOf, type Session } from "./session.ts";
import { settleLock } from "./settle-lock.ts";

export interface MakePlanOptions extends GatherOptions {
  /** Steps may touch the way a host is managed. */
  allowManagementPath?: boolean;
  /** Back to what was confirmed last, whatever the file says now. */
  repair?: boolean;
}

export interface PlannedHosts {
  plan: Plan;
  gathered: GatheredHosts;
}

/** Reads every host and works out what must change. The caller closes `gathered`. */
export async function makePlan(session: Session, only?: readonly string[], options: MakePlanOptions = {}): Promise<PlannedHosts> {
  const read = await gatherHosts(hostsOf(session, only), session.transport, options);
  try {
    const { lock, note } = await settleLock(session.locks, read.snapshots, options.settleAs !== undefined);
    const gathered = { ...read, settled: [...read.settled, ...(note === undefined ? [] : [note])] };
    const confirmed = options.repair === true ? await readConfirmed(gathered, lock) : undefined;
    const plan = buildPlan({
      cluster: session.spec.cluster,
      lock,
      freshUuid: deriveUuid(session.spec.cluster, gathered.snapshots),
      snapshots: gathered.snapshots,
      unreachable: gathered.unreachable,
      locate: session.spec.locate,
      ...(options.allowManagementPath === true ? { allowManagementPath: true } : {}),
      ...(confirmed === undefined ? {} : { confirmed }),
    });
    const refusals = plan.refusals.length === 0 ? [] : [...findUnderWay(gathered), ...plan.refusals];
    return { plan: { ...plan, refusals }, gathered };
  } catch (error) {
    await read.close();
    if (error instanceof SpanwireError)
      throw new SpanwireError([...findUnderWay(read), ...error.problems, ...read.unreachable], { cause: error });
    throw error;
  }
}

/** What each host was last confirmed to be; a host that knows nothing of the cluster has nothing to repair. */
async function readConfirmed({ connections }: GatheredHosts, lock: Lock | undefined): Promise<Map<string, readonly Resource[]>> {
  if (lock === undefined) return new Map();
  const points = await Promise.all(
    [...connections].map(async ([host, connection]) => {
      const point = await connection.request("confirmed", { clusterUuid: lock.uuid });
      return [host, point.resources ?? []] as const;
    }),
  );
  return new Map(points);
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
