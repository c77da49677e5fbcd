import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// TypeScript is stripped and compiled once, not at every start of a host program. A bundle writes nothing beside itself.
if (import.meta.url.endsWith(".ts")) enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/spanwire", import.meta.url)));

/** The programs that people do not type start without the command tree: they are started often. */
const [verb, ...args] = process.argv.slice(2);
if (verb === "probe") await (await import("../host/probe/main.ts")).runProbe();
else if (verb === "host" && (args[0] === "guard" || args[0] === "restore"))
  await (await import("./program/host-recovery.ts")).runHostRecovery(args);
else if (verb === "host") await (await import("./verbs/host.ts")).runHost(args);
else if (verb === "enter-daemon") await (await import("../lab/host/enter-daemon.ts")).enterDaemon(args);
else await (await import("./program/run-main.ts")).runMain(process.argv);
