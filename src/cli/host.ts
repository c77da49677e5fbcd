import { createHostProgram, serve } from "../host/host-program.ts";
import { createFaultySystem } from "../host/faulty-system.ts";
import { createLocalSystem } from "../host/local-system.ts";
import { DEFAULT_STATE_DIRECTORY, openStateDirectory } from "../host/state-directory.ts";
import { SELF_ARGV } from "./self-argv.ts";

/** `spanwire host`: the program on the other end. Ends when its input ends. */
export async function runHost(): Promise<void> {
  const state = openStateDirectory(process.env["SPANWIRE_STATE_DIR"] ?? DEFAULT_STATE_DIRECTORY);
  const system = createFaultySystem(createLocalSystem(state), process.env["SPANWIRE_FAULT"]);
  // Ctrl-C at the operator's terminal reaches this process too; it ends when its input does, after undoing what it must.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  await serve(createHostProgram({ system, state, selfArgv: SELF_ARGV }), process.stdin, process.stdout);
}
