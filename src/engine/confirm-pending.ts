import type { PendingPlan } from "../host/restore/recovery-methods.ts";
import type { Host } from "../model/cluster.ts";
import type { Connection, Transport } from "../transport/connection.ts";
import { SpanwireError, toProblems, type Problem } from "../model/problem.ts";

export interface Confirmed {
  hosts: readonly string[];
  /** Hosts that could not be asked and are no part of the plan. */
  unreachable: readonly Problem[];
}

interface Waiting extends PendingPlan {
  host: string;
  connection: Connection;
}

/** Confirms what `spanwire try` waits for, over new conversations: on all hosts of that plan, or on none. */
export async function confirmPending(hosts: readonly Host[], transport: Transport): Promise<Confirmed> {
  const connections: Connection[] = [];
  try {
    const waiting: Waiting[] = [];
    const unreachable: Problem[] = [];
    await Promise.all(
      hosts.map(async (host) => {
        try {
          const connection = await transport.open(host, { fresh: true });
          connections.push(connection);
          const pending = await connection.request("pending", {});
          if (pending.offered === true) waiting.push({ ...(pending as PendingPlan), host: host.name, connection });
        } catch (error) {
          unreachable.push(
            ...toProblems(error, "reaching", host.name).map((problem) => ({ ...problem, where: problem.where || host.name })),
          );
        }
      }),
    );
    requireWhole(waiting, unreachable);
    await confirmAll(waiting);
    return { hosts: waiting.map(({ host }) => host).sort(), unreachable };
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

/** One plan, and every host of it: keeping some of them would leave a mix. */
function requireWhole(waiting: readonly Waiting[], unreachable: readonly Problem[]): void {
  if (waiting.length === 0) throw unreachable.length > 0 ? new SpanwireError(unreachable) : nothingWaits();
  const plans = new Map(waiting.map((one) => [one.planId, one]));
  if (plans.size > 1) throw severalWait([...plans.values()]);
  const concerned = new Set(waiting.flatMap((one) => one.hosts));
  const missing = [...concerned].filter((host) => waiting.every((one) => one.host !== host)).sort();
  if (missing.length > 0)
    throw new SpanwireError(missing.map((host) => unreachable.find(({ where }) => where === host) ?? notWaiting(host, waiting[0]?.planId)));
}

async function confirmAll(waiting: readonly Waiting[]): Promise<void> {
  const kept: string[] = [];
  const problems: Problem[] = [];
  await Promise.all(
    waiting.map(async ({ host, connection, planId }) => {
      try {
        await connection.request("confirm", { planId });
        kept.push(host);
      } catch (error) {
        problems.push(...toProblems(error, "confirming on", host).map((problem) => ({ ...problem, where: problem.where || host })));
      }
    }),
  );
  if (problems.length === 0) return;
  if (kept.length > 0) problems.push(partlyKept(kept.sort()));
  throw new SpanwireError(problems);
}

function nothingWaits(): SpanwireError {
  return conflict(
    "a change",
    "",
    "no host waits for a word: it was confirmed already, or has gone back",
    "`spanwire status` shows how the hosts are; `spanwire try` makes the change again",
  );
}

function severalWait(plans: readonly Waiting[]): SpanwireError {
  const each = plans.map(({ planId, operator, host }) => `plan ${planId} of ${operator} (${host})`).sort();
  return conflict(
    "a change",
    "",
    `different plans wait for a word: ${each.join(", ")}`,
    "Enter in the terminal of each `spanwire try` keeps that one",
  );
}

function notWaiting(host: string, planId = ""): Problem {
  const why = `plan ${planId} is also for this host, which does not wait for a word: it has gone back, is not ready yet, or left the file`;
  return problem(`plan ${planId}`, host, why, "run the same command again; `spanwire status` shows how the hosts are");
}

function partlyKept(kept: readonly string[]): Problem {
  const why = "it was confirmed there, and not on the hosts above";
  return problem(
    "the plan",
    kept.join(", "),
    why,
    "`spanwire status` shows how the hosts are; `spanwire apply` makes them all as the file says",
  );
}

const problem = (what: string, where: string, why: string, advice: string): Problem => ({
  ...{ kind: "conflict", doing: "confirming", what, where, why, try: advice },
});

const conflict = (...words: Parameters<typeof problem>): SpanwireError => new SpanwireError(problem(...words));
