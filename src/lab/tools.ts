import { SpanwireError } from "../model/problem.ts";
import { describeRun, run, type RunOptions } from "../util/run.ts";
import { hostEnvironment } from "./host/host-environment.ts";
import { namespacePath, RUN_VARIABLE } from "./lab-names.ts";
import type { LabHost, LabState } from "./lab-state.ts";

export interface ToolOptions extends RunOptions {
  runId: string;
  /** Gerund phrase for the problem when it fails. */
  doing: string;
}

/** Runs a tool for a lab; returns what it printed, throws when it fails. */
export async function runTool(argv: readonly [string, ...string[]], options: ToolOptions): Promise<string> {
  const { runId, doing, env, ...rest } = options;
  const result = await run(argv, { ...rest, env: { ...env, [RUN_VARIABLE]: runId } });
  if (result.exitCode === 0) return result.stdout;
  throw new SpanwireError({
    kind: "command",
    doing,
    what: `of lab "${runId}"`,
    where: "",
    why: describeRun(result),
    try: `remove what is half done with \`spanwire lab down --run ${runId}\` and try again`,
  });
}

/** Several `ip` commands in one process, in a namespace. */
export function ipBatch(runId: string, namespace: string, lines: readonly string[], doing: string): Promise<string> {
  return runTool(["ip", "-n", namespace, "-batch", "-"], { runId, doing, stdin: `${lines.join("\n")}\n` });
}

/** In a host's network namespace, with its Docker and Open vSwitch. */
export function runInHost(lab: LabState, host: LabHost, argv: readonly [string, ...string[]], doing: string): Promise<string> {
  return runTool(["nsenter", `--net=${namespacePath(host.namespace)}`, "--", ...argv], {
    runId: lab.runId,
    doing: `${doing} on ${host.name}`,
    env: hostEnvironment(lab, host),
  });
}
