import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { applyPlan, type ApplyInput, type ApplyResult } from "../../engine/apply-plan.ts";
import { planIdOf } from "../../model/plan.ts";
import { appendLine } from "../../util/append-line.ts";
import { toProblems } from "../../model/problem.ts";
import { onInterrupted } from "../terminal/interrupt.ts";
import { say } from "../terminal/output.ts";

/** XDG Base Directory Specification: state that should outlive a restart, but is nobody else's. */
function operatorFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment["XDG_STATE_HOME"] || join(homedir(), ".local/state"), "spanwire");
}

/** applyPlan with a line before and one after it: who, when, which plan, which steps where, and how it ended. */
export async function applyRecorded(input: ApplyInput, act = applyPlan): Promise<ApplyResult> {
  const { plan, operator, transport } = input;
  const folder = transport.stateFolder ?? operatorFolder();
  const common = { operator, cluster: plan.cluster, clusterUuid: plan.clusterUuid, planId: planIdOf(plan) };
  const hosts = plan.hosts.flatMap(({ host, steps }) =>
    steps.length === 0 ? [] : [{ host, steps: steps.map(({ id, action, key }) => `${id} ${action} ${key}`) }],
  );
  if (hosts.length === 0) return act(input);
  write(folder, { ...common, event: "begin", hosts });
  let isEnded = false; // one begin, one end
  const end = (rest: object): void => {
    forget();
    if (isEnded) return;
    isEnded = true;
    write(folder, { ...common, event: "end", ...rest });
  };
  const forget = onInterrupted(() => end({ outcome: "interrupted", hosts: [], problems: [] }));
  try {
    const result = await act(input);
    end({ outcome: result.outcome, hosts: result.hosts, problems: result.problems });
    return result;
  } catch (error) {
    end({ outcome: "unknown", hosts: [], problems: toProblems(error, "applying", "") });
    throw error;
  }
}

/** A log that cannot be written is told of, and stops nothing: somebody may be repairing a network from a full disk. */
function write(folder: string, line: object): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    appendLine(join(folder, "audit.jsonl"), { at: new Date().toISOString(), ...line });
  } catch (error) {
    say(`warning: the audit log ${folder}/audit.jsonl cannot be written: ${(error as Error).message}`);
  }
}
