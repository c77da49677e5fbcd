import { spawn } from "node:child_process";
import { constants } from "node:os";
import { SpanwireError } from "../../model/problem.ts";
import { hostEnvironment } from "./host-environment.ts";
import { namespacePath } from "../lab-names.ts";
import { getLabHost, type LabState } from "../lab-state.ts";

/** Shells report "ended by signal N" as 128 + N; callers of ours expect the same (POSIX, 2.8.2). */
const SIGNAL_BASE = 128;

/** Runs a command in a host's network namespace, with our terminal and its Docker; resolves with its exit code. */
export function execInHost(lab: LabState, hostName: string, argv: readonly string[]): Promise<number> {
  const host = getLabHost(lab, hostName);
  // DOCKER_CONTEXT, DOCKER_TLS_VERIFY and the like are meant for another daemon.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DOCKER_")));
  return new Promise((resolve, reject) => {
    const child = spawn("nsenter", [`--net=${namespacePath(host.namespace)}`, "--", ...argv], {
      env: { ...inherited, ...hostEnvironment(lab, host) },
      stdio: "inherit",
    });
    const leaveIt = (): void => undefined; // Ctrl-C reaches the command too; its exit code is the answer
    const passOn = (): void => void child.kill("SIGTERM");
    process.on("SIGINT", leaveIt).on("SIGTERM", passOn);
    const done = (): void => void process.off("SIGINT", leaveIt).off("SIGTERM", passOn);
    child.on("error", (error) => {
      done();
      const why = error.message;
      reject(
        new SpanwireError({
          kind: "command",
          doing: "running",
          what: argv.join(" "),
          where: host.name,
          why,
          try: "install util-linux (nsenter)",
        }),
      );
    });
    child.on("exit", (code, signal) => {
      done();
      resolve(code ?? SIGNAL_BASE + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
