import { restoreHost } from "../../host/restore/restore-host.ts";
import { runGuard } from "../../host/guard/run-guard.ts";
import { toProblems } from "../../model/problem.ts";
import { openHost } from "./host-state.ts";
import { print, say, sayProblems } from "../terminal/output.ts";

/**
 * `spanwire host guard PLAN` waits for a plan's deadline (started by the host program); `spanwire host restore` makes the
 * host as it was last confirmed (the boot unit, or by hand where there is no systemd).
 */
export async function runHostRecovery(args: readonly string[]): Promise<void> {
  // what the operator's terminal says is not meant for a program that must outlive it
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  const { root, state, system } = openHost();
  const [act, planId = ""] = args; // of a restore: --early
  try {
    if (act === "guard") return await runGuard({ planId, root, system, state });
    const { ok, done, remaining, withoutDocker } = await restoreHost(system, state, { early: args.includes("--early") });
    print(`${done} restored${withoutDocker ? "; Docker's networks come when it has started" : ""}`);
    for (const line of remaining) say(`still different: ${line}`);
    if (!ok) process.exitCode = 1;
  } catch (error) {
    sayProblems(toProblems(error, "restoring", ""));
    process.exitCode = 1;
  }
}
