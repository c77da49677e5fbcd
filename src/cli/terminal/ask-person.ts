import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Connection } from "../../transport/connection.ts";
import type { Problem } from "../../model/problem.ts";
import { discardTypedAhead } from "./discard-typed-ahead.ts";
import { say } from "./output.ts";

const POLL_MS = 500;

/**
 * Waits for the person: Enter here, `spanwire confirm` anywhere, or the time is over. Ctrl-C ends the conversations, and
 * with them the change (interrupt.ts).
 */
export async function askPerson(connections: readonly Connection[], planId: string, withinS: number): Promise<readonly Problem[]> {
  const hosts = connections.map(({ host }) => host);
  await Promise.all(connections.map((connection) => connection.request("offer", { planId, hosts })));
  await discardTypedAhead(process.stdin);
  say(`Done and measured, not yet confirmed. Try it now.`);
  say(`Enter (or \`spanwire confirm\` in another terminal) keeps it; Ctrl-C or ${withinS} s take everything back.`);
  const done = new AbortController();
  try {
    return await Promise.race([
      awaitEnter(done.signal),
      awaitConfirm(connections, planId, done.signal),
      wait(withinS * 1000, undefined, { signal: done.signal }).then(() => [nobody(withinS)]),
    ]);
  } finally {
    done.abort();
  }
}

/** Input that ends without a line is nobody's word. */
function awaitEnter(signal: AbortSignal): Promise<[]> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, terminal: false });
    lines.once("line", () => resolve([]));
    signal.addEventListener("abort", () => {
      lines.close();
      process.stdin.unref();
    });
  });
}

async function awaitConfirm(connections: readonly Connection[], planId: string, signal: AbortSignal): Promise<[]> {
  for (;;) {
    const [first] = connections;
    const pending = await first?.request("pending", {});
    if (pending?.planId === planId && pending.verdict === "confirmed") return [];
    await wait(POLL_MS, undefined, { signal });
  }
}

function nobody(withinS: number): Problem {
  return {
    kind: "timeout",
    doing: "waiting for",
    what: "your word",
    where: "",
    why: `nobody confirmed within ${withinS} s`,
    try: "run it again, with a longer --confirm-within if that was too short",
  };
}
