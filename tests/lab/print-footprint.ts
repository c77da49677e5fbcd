import { readFootprint } from "../../src/host/footprint.ts";

/** Runs inside a lab host and prints what it looks like. */
process.stdout.write(JSON.stringify(await readFootprint(process.env["SPANWIRE_STATE_DIR"] ?? "")));
