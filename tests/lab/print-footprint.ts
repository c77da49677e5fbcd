import { createInterface } from "node:readline";
import { readFootprint } from "../../src/host/footprint.ts";

/** Runs inside a lab host, and for every line it gets prints what the host looks like. Ends with its input. */
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await readFootprint(process.env["SPANWIRE_STATE_DIR"] ?? ""))}\n`);
}
