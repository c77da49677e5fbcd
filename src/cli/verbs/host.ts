import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { createGuard } from "../../host/guard/guard.ts";
import type { ManagementEnds } from "../../host/change/management-path.ts";
import { createHostProgram, serve } from "../../host/host-program.ts";
import { SELF_ARGV } from "../../util/self-argv.ts";
import { openHost } from "../program/host-state.ts";

/** `spanwire host [--peer ADDRESS [--local ADDRESS]]`: the program on the other end. Ends when its input ends. `open` is replaced in tests. */
export async function runHost(args: readonly string[], open = openHost): Promise<void> {
  const ends = findManagementEnds(args);
  const { root, state, system } = open(ends);
  const guard = createGuard({ root, selfArgv: SELF_ARGV });
  // Ctrl-C at the operator's terminal reaches this process too; it ends when its input does, after undoing what it must.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  await serve(
    createHostProgram({ system, state, selfArgv: SELF_ARGV, guard, ...(ends === undefined ? {} : { peer: ends.peer }) }),
    process.stdin,
    process.stdout,
  );
}

/** The ends of the SSH connection (SSH_CONNECTION, which sudo drops). Anything but an address is nothing. */
export function findManagementEnds(args: readonly string[]): ManagementEnds | undefined {
  const { peer = "", local = "" } = parseArgs({
    args: [...args],
    options: { peer: { type: "string" }, local: { type: "string" } },
  }).values;
  if (isIP(peer) === 0) return undefined;
  return isIP(local) === isIP(peer) ? { peer, local } : { peer };
}
