import { createInterface } from "node:readline";
import { readFootprint } from "../../src/host/footprint.ts";
import { readJson } from "../../src/host/read-json.ts";
import { isSettled } from "./footprint-reader.ts";
import { until } from "./until.ts";

/** Runs inside a lab host, and for every line it gets prints what the settled host looks like. Ends with its input. */
for await (const _ of createInterface({ input: process.stdin })) {
  await until(
    () => readJson<unknown[]>(["ip", "-json", "address", "show"]),
    (addresses) => addresses.every((address) => isSettled(JSON.stringify(address))),
  );
  process.stdout.write(`${JSON.stringify(await readFootprint(process.env["SPANWIRE_STATE_DIR"] ?? ""))}\n`);
}
