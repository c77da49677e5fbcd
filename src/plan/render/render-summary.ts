import { summarisePlan, type Plan } from "../../model/plan.ts";

/** The last line of a plan. */
export function renderSummary(plan: Pick<Plan, "hosts" | "warnings" | "refusals">): string {
  const { add, change, replace, remove } = summarisePlan(plan);
  if (add + change + replace + remove === 0) return renderNothing(plan);
  const hosts = plan.hosts.filter((host) => host.steps.length > 0).length;
  return `Plan: ${add} to add, ${change} to change, ${replace} to replace, ${remove} to remove on ${hosts} host${hosts === 1 ? "" : "s"}.`;
}

/** Nothing to do is said of what was looked at, and of nothing else. */
function renderNothing({ hosts, warnings, refusals }: Pick<Plan, "hosts" | "warnings" | "refusals">): string {
  const unseen = hosts.flatMap((host) => host.unseen.map((why) => `not looked at: ${host.host}: ${why}`));
  if (hosts.length === 0 && warnings.length > 0) return "No host answered: what there is to do is not known.";
  if (unseen.length > 0) return ["Nothing to do in what could be looked at.", ...unseen].join("\n");
  if (warnings.length > 0) return "Nothing to do on the hosts that answered.";
  return refusals.length > 0 ? "Nothing can be done now:" : "Nothing to do: every host is as the file says.";
}
