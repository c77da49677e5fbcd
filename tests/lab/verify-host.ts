import { createInterface } from "node:readline";

/** A host program that knows nothing but probes, for tests of `verify` alone: JSON-RPC lines on stdio. */
async function serve(): Promise<void> {
  const { createProbeMethods } = await import("../../src/host/probe/methods.ts");
  const { findHandler } = await import("../../src/rpc/methods.ts");
  const { SpanwireError } = await import("../../src/model/problem.ts");
  const { methods, closeAll } = createProbeMethods({ selfArgv: [process.execPath, import.meta.filename] });
  const answer = async ({ id, method, params }: { id: number; method: string; params: unknown }): Promise<void> => {
    const reply = await findHandler(
      methods,
      method,
    )?.(params).then(
      (result) => ({ result }),
      (error: unknown) => ({ error: { message: String(error), data: { problems: error instanceof SpanwireError ? error.problems : [] } } }),
    );
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...(reply ?? { error: { message: `no method ${method}` } }) })}\n`);
  };
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void answer(JSON.parse(line) as Parameters<typeof answer>[0]));
  lines.on("close", () => void closeAll().finally(() => process.exit(0)));
}

// Imported when needed: a probe must start fast, and one is started per host and network.
await (process.argv[2] === "probe" ? (await import("../../src/host/probe/main.ts")).runProbe() : serve());
