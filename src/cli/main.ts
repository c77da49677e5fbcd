/** The two programs that people do not type start without the command tree: they are started often. */
const [verb] = process.argv.slice(2);
if (verb === "probe") await (await import("../host/probe/main.ts")).runProbe();
else if (verb === "host") await (await import("./host.ts")).runHost();
else await (await import("./run-main.ts")).runMain(process.argv);

export {};
