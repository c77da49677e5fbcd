import type { PendingPlan } from "../host/recovery-methods.ts";
import type { Host } from "../spec/cluster.ts";
import type { Connection, Transport } from "../transport/connection.ts";
import { SpanwireError, toProblems, type Problem } from "../util/problem.ts";

/** Confirms what `spanwire try` waits for, over new conversations with all hosts. Answers the hosts it was for. */
export async function confirmPending(hosts: readonly Host[], transport: Transport): Promise<string[]> {
  const connections: Connection[] = [];
  try {
    const problems: Problem[] = [];
    const waiting: { connection: Connection; planId: string }[] = [];
    await Promise.all(
      hosts.map(async (host) => {
        try {
          const connection = await transport.open(host, { fresh: true });
          connections.push(connection);
          const pending = (await connection.request("pending", {})) as Partial<PendingPlan>;
          if (pending.planId !== undefined && pending.offered === true) waiting.push({ connection, planId: pending.planId });
        } catch (error) {
          problems.push(...toProblems(error, "reaching", host.name));
        }
      }),
    );
    // a host that cannot be reached now goes back: keeping the others would leave a mix
    if (problems.length > 0) throw new SpanwireError(problems);
    if (waiting.length === 0) throw nothingWaits();
    await Promise.all(waiting.map(({ connection, planId }) => connection.request("confirm", { planId })));
    return waiting.map(({ connection }) => connection.host).sort();
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

function nothingWaits(): SpanwireError {
  return new SpanwireError({
    kind: "conflict",
    doing: "confirming",
    what: "a change",
    where: "",
    why: "no host waits for a word: it was confirmed already, or has gone back",
    try: "`spanwire status` shows how the hosts are; `spanwire try` makes the change again",
  });
}
