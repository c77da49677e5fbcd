import type { Plan } from "../model/plan.ts";
import { planIdOf } from "../model/plan.ts";
import type { Transport } from "../transport/connection.ts";
import { gatherHosts } from "./gather-hosts.ts";

const WORDS: Readonly<Record<string, string>> = {
  finished: "as planned",
  reverted: "as before",
  "revert-incomplete": "NOT as before: `spanwire status` names what differs",
  unfinished: "still at it: it ends as planned or goes back by itself",
};

/** How each host of a plan is now, asked anew: "vm1: as before". */
export async function describeOutcome(plan: Plan, transport: Transport): Promise<string[]> {
  const planId = planIdOf(plan);
  const active = plan.hosts.filter(({ steps }) => steps.length > 0);
  const { snapshots, close } = await gatherHosts(
    active.map(({ host, address, ssh }) => ({ name: host, address, ssh })),
    transport,
  );
  await close();
  return active.map(({ host }) => {
    const snapshot = snapshots.get(host);
    if (snapshot === undefined) return `${host}: does not answer; unless it was confirmed it goes back by itself`;
    const isAtIt = snapshot.lastPlan?.planId === planId;
    return `${host}: ${isAtIt ? (WORDS[snapshot.lastPlan?.state ?? ""] ?? "unknown") : "as before, it had not begun"}`;
  });
}
