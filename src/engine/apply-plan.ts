import type { Plan, HostPlan } from "../model/plan.ts";
import { planIdOf } from "../model/plan.ts";
import type { Stage } from "../model/step.ts";
import type { Connection, Transport } from "../transport/connection.ts";
import { keepAlive } from "./keep-alive.ts";
import { settleTrees } from "./settle-trees.ts";
import { toProblems, type Problem } from "../model/problem.ts";

export interface ApplyInput {
  plan: Plan;
  connections: ReadonlyMap<string, Connection>;
  /** For the confirm: a conversation that was open before the change proves nothing. */
  transport: Transport;
  operator: string;
  onProgress(host: string, text: string): void;
  /** Hears what cannot be taken back by ending the conversations: a host is asked to confirm, and has done so. */
  onConfirm?: (host: string, state: ConfirmState) => void;
  /** Measures what was changed; what it finds makes every host go back. */
  verify(): Promise<readonly Problem[]>;
  /** Hosts that hear nothing for so long go back by themselves. */
  confirmWithinMs?: number;
  /** Asks a person, when everything else is done; problems make every host go back. */
  approve?: (hosts: readonly Connection[], planId: string) => Promise<readonly Problem[]>;
  /** Also on hosts that are frozen after a failed revert. */
  repair?: boolean;
}

export interface ApplyResult {
  /** `reverted`: every host is as before. `mixed`: see the hosts. */
  outcome: "nothing-to-do" | "applied" | "reverted" | "mixed";
  hosts: readonly HostOutcome[];
  problems: readonly Problem[];
  notes: readonly string[];
}

export interface HostOutcome {
  host: string;
  state: "new" | "old" | "differs" | "unknown";
  detail: string;
}

export type ConfirmState = "asked" | "confirmed";

interface Run extends ApplyInput {
  planId: string;
  active: readonly HostPlan[];
  notes: string[];
}

/** Carries a plan out on all its hosts: every host ends new, or every host ends as it was. */
export async function applyPlan(input: ApplyInput): Promise<ApplyResult> {
  const active = input.plan.hosts.filter((host) => host.steps.length > 0);
  if (active.length === 0) return { outcome: "nothing-to-do", hosts: [], problems: [], notes: [] };
  const run: Run = { ...input, planId: planIdOf(input.plan), active, notes: [] };
  const stopTalking = keepAlive([...input.connections.values()], input.confirmWithinMs);
  // whatever goes wrong on the way, also when measuring itself fails: the hosts go back
  const problems = await changeAndProve(run)
    .catch((error: unknown) => toProblems(error, "applying", ""))
    .finally(stopTalking);
  if (problems.length > 0) return revertAll(run, problems);
  return finishAll(run, await runStage(run, "remove", active));
}

/** Everything up to the confirm. The first stage that fails anywhere ends it. */
async function changeAndProve(run: Run): Promise<Problem[]> {
  const begun = await beginAll(run);
  if (begun.length > 0) return begun;
  for (const stage of ["add", "switch"] as const) {
    // the canary: what fails everywhere fails on one host first
    const [canary, ...others] = run.active.filter((host) => host.steps.some((step) => step.stage === stage));
    if (canary === undefined) continue;
    const problems = await runStage(run, stage, [canary]);
    if (problems.length > 0) return problems;
    const rest = await runStage(run, stage, others);
    if (rest.length > 0) return rest;
    await settleTrees(run.active, stage, run.connections, (host, ports) =>
      run.onProgress(host, `${stage}: spanning tree, ${ports} to decide`),
    );
  }
  const unproven = [...(await run.verify())];
  if (unproven.length > 0) return unproven;
  const connections = run.active.flatMap(({ host }) => run.connections.get(host) ?? []);
  const refused = [...((await run.approve?.(connections, run.planId)) ?? [])];
  return refused.length > 0 ? refused : confirmAll(run);
}

/** The first host alone, in an order all operators share: of several at once exactly one gets past it. */
async function beginAll(run: Run): Promise<Problem[]> {
  const begin = (hosts: readonly HostPlan[]): Promise<Problem[]> =>
    onHosts(run, hosts, "beginning", ({ address, basis, steps }, connection) => {
      const { planId, operator, confirmWithinMs, repair } = run;
      const plan = { planId, clusterUuid: run.plan.clusterUuid, address, basis, operator, steps };
      return connection.request("begin", { ...plan, confirmWithinMs, repair });
    });
  const problems = await begin(run.active.slice(0, 1));
  return problems.length > 0 ? problems : begin(run.active.slice(1));
}

async function runStage(run: Run, stage: Stage, hosts: readonly HostPlan[]): Promise<Problem[]> {
  const concerned = hosts.filter((host) => host.steps.some((step) => step.stage === stage));
  return onHosts(run, concerned, `stage ${stage} on`, async (host, connection) => {
    const count = host.steps.filter((step) => step.stage === stage).length;
    run.onProgress(host.host, `${stage}: ${count} step${count === 1 ? "" : "s"}`);
    const result = await connection.request("runStage", { planId: run.planId, stage });
    run.notes.push(...result.notes.map((note) => `${host.host}: ${note}`));
    run.onProgress(host.host, result.ok ? `${stage}: done` : `${stage}: failed`);
    return result.problems.map((problem) => ({ ...problem, where: problem.where || host.host }));
  });
}

/** Over new conversations, all opened before the first word is said, so that hosts do not part company. */
async function confirmAll(run: Run): Promise<Problem[]> {
  const opened = new Map<string, Connection>();
  try {
    const failed = await onHosts(run, run.active, "reaching again", async (host) => {
      const connection = await run.transport.open({ name: host.host, address: host.address, ssh: host.ssh }, { fresh: true });
      opened.set(host.host, connection);
      await connection.request("hello", {});
    });
    if (failed.length > 0) return failed;
    return await onHosts(run, run.active, "confirming on", async ({ host }) => {
      run.onConfirm?.(host, "asked");
      await opened.get(host)?.request("confirm", { planId: run.planId });
      run.onConfirm?.(host, "confirmed");
    });
  } finally {
    await Promise.all([...opened.values()].map((connection) => connection.close()));
  }
}

async function revertAll(run: Run, problems: readonly Problem[]): Promise<ApplyResult> {
  const hosts = await Promise.all(run.active.map((host) => revertHost(run, host)));
  const outcome = hosts.every((host) => host.state === "old") ? "reverted" : "mixed";
  return { outcome, hosts, problems, notes: run.notes };
}

/** Undoing may create Docker networks again, and those are swept. */
const REVERT_TIMEOUT_MS = 300_000;

async function revertHost(run: Run, { host }: HostPlan): Promise<HostOutcome> {
  const connection = run.connections.get(host);
  if (connection === undefined) return { host, state: "old", detail: "never began" };
  run.onProgress(host, "going back");
  try {
    const result = await connection.request("revert", { planId: run.planId }, REVERT_TIMEOUT_MS);
    if (result === undefined) return { host, state: "new", detail: "it was confirmed before it could go back" };
    run.onProgress(host, result.ok ? "as before" : "not as before");
    return result.ok ? { host, state: "old", detail: "as before" } : { host, state: "differs", detail: result.remaining.join("; ") };
  } catch (error) {
    const [first] = toProblems(error, "reverting", host);
    // it refused to begin: nothing of the plan ever ran there
    if (first?.kind === "conflict") return { host, state: "old", detail: "never began" };
    return { host, state: "unknown", detail: `${first?.why ?? ""}; unless it was confirmed it goes back by itself` };
  }
}

/** After the confirm nothing goes back: what could not be removed is found by the next plan. */
async function finishAll(run: Run, leftovers: readonly Problem[]): Promise<ApplyResult> {
  const unfinished = await onHosts(run, run.active, "finishing on", (_host, connection) =>
    connection.request("finish", { planId: run.planId }),
  );
  const problems = [...leftovers, ...unfinished];
  const hosts = run.active.map(({ host }): HostOutcome => {
    const mine = problems.filter((problem) => problem.where === host);
    const isSilent = mine.some(({ kind }) => kind === "unreachable" || kind === "timeout");
    return {
      host,
      state: mine.length === 0 ? "new" : isSilent ? "unknown" : "differs",
      detail: mine.map((problem) => problem.why).join("; "),
    };
  });
  return { outcome: problems.length === 0 ? "applied" : "mixed", hosts, problems, notes: run.notes };
}

/** Does one thing on many hosts at once, and collects what went wrong everywhere. */
async function onHosts(
  run: Run,
  hosts: readonly HostPlan[],
  doing: string,
  act: (host: HostPlan, connection: Connection) => Promise<unknown>,
): Promise<Problem[]> {
  const problems = await Promise.all(
    hosts.map(async (host): Promise<readonly Problem[]> => {
      const connection = run.connections.get(host.host);
      if (connection === undefined) return [unconnected(host.host, doing)];
      try {
        const result = await act(host, connection);
        return Array.isArray(result) ? (result as Problem[]) : [];
      } catch (error) {
        return toProblems(error, doing, host.host).map((problem) => ({ ...problem, where: problem.where || host.host }));
      }
    }),
  );
  return problems.flat();
}

function unconnected(host: string, doing: string): Problem {
  return {
    kind: "unreachable",
    doing,
    what: "the host",
    where: host,
    why: "there is no conversation with it",
    try: "plan again when it answers",
  };
}
