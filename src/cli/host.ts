import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { createGuard } from "../host/guard.ts";
import { createHostProgram, serve } from "../host/host-program.ts";
import { SELF_ARGV } from "../util/self-argv.ts";
import { openHost } from "./host-state.ts";

/** `spanwire host [--peer ADDRESS]`: the program on the other end. Ends when its input ends. */
export async function runHost(args: readonly string[]): Promise<void> {
  const peer = findPeer(args);
  const { root, state, system } = openHost(peer);
  const guard = createGuard({ root, selfArgv: SELF_ARGV });
  // Ctrl-C at the operator's terminal reaches this process too; it ends when its input does, after undoing what it must.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  await serve(
    createHostProgram({ system, state, selfArgv: SELF_ARGV, guard, ...(peer === undefined ? {} : { peer }) }),
    process.stdin,
    process.stdout,
  );
}

/** The other end of the SSH connection (SSH_CONNECTION, which sudo drops). Anything but an address is nothing. */
function findPeer(args: readonly string[]): string | undefined {
  const { peer = "" } = parseArgs({ args: [...args], options: { peer: { type: "string" } } }).values;
  return isIP(peer) === 0 ? undefined : peer;
}
