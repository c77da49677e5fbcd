import { runHost } from "../../src/cli/verbs/host.ts";
import { openHost } from "../../src/cli/program/host-state.ts";
import { createFaultySystem } from "./faulty-system.ts";

/** The host program of the tests' labs: it breaks where SPANWIRE_FAULT says. Its guards and probes are the shipped program. */
const [, , ...args] = process.argv;
await runHost(args.slice(1), (ends) => {
  const host = openHost(ends);
  return { ...host, system: createFaultySystem(host.system, process.env["SPANWIRE_FAULT"]) };
});
