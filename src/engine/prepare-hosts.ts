import { putIn, standInFor, type Preparation } from "../model/prepared.ts";
import type { HostPlan } from "../model/plan.ts";
import { SpanwireError, toProblems, type Problem } from "../model/problem.ts";
import type { PlannedHosts } from "./make-plan.ts";

/**
 * Before a plan is carried out: every host makes what others must name (a key pair), and the public parts take the place of what
 * stood for them. Nothing that packets meet has changed by then. Throws when a host of the plan cannot.
 */
export async function prepareHosts({ plan, gathered }: PlannedHosts): Promise<PlannedHosts> {
  const asked = plan.hosts.filter(({ prepare }) => prepare !== undefined);
  if (asked.length === 0) return { plan, gathered };
  const known = new Map<string, string>();
  const problems: Problem[] = [];
  const prepareOne = async ({ host, prepare: what = [] }: HostPlan): Promise<void> => {
    const connection = gathered.connections.get(host);
    if (connection === undefined) throw silent(host);
    const made = await connection.request("prepare", { clusterUuid: plan.clusterUuid, what });
    for (const name of what) known.set(standInFor(name, host), requirePart(made[name], name, host));
  };
  await Promise.all(
    asked.map((host) => prepareOne(host).catch((error: unknown) => problems.push(...toProblems(error, "preparing", host.host)))),
  );
  if (problems.length > 0) throw new SpanwireError(problems.toSorted((a, b) => (a.where < b.where ? -1 : 1)));
  const { hosts, ...rest } = putIn(plan, known);
  return { plan: { ...rest, hosts: hosts.map(({ prepare: _, ...host }) => host) }, gathered };
}

/** It is going to be a word of commands on other hosts. */
function requirePart(part: string | undefined, what: Preparation, host: string): string {
  if (part !== undefined && /^[A-Za-z0-9+/=]{1,128}$/.test(part)) return part;
  throw new Error(`${host} was asked for its ${what} and gave none`);
}

const silent = (host: string): SpanwireError =>
  new SpanwireError({
    ...{ kind: "unreachable", doing: "preparing", what: "the host", where: host },
    why: "it does not answer, and the plan needs a key of its own from it",
    try: "make a new plan, which does without what does not answer",
  });
