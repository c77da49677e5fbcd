import { createInterface } from "node:readline";
import { readFootprint } from "../footprint/footprint.ts";
import { readJson } from "../../src/host/observe/read-json.ts";
import { until } from "./until.ts";

/**
 * Of a link and its addresses. An IPv6 address is tentative for a second while the kernel looks for a duplicate (RFC 4862,
 * 5.4), and a probe's link stays until the kernel has taken its namespace down, in its own time.
 */
const isSettled = (link: unknown): boolean => !/"tentative":true|"ifname":"spwp/.test(JSON.stringify(link));

/** Runs inside a lab host, and for every line it gets prints what the settled host looks like. Ends with its input. */
for await (const _ of createInterface({ input: process.stdin })) {
  await until(
    () => readJson<unknown[]>(["ip", "-json", "address", "show"]),
    (addresses) => addresses.every(isSettled),
  );
  process.stdout.write(`${JSON.stringify(await readFootprint(process.env["SPANWIRE_STATE_DIR"] ?? ""))}\n`);
}
