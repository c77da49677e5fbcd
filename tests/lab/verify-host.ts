import { createInterface } from "node:readline";
import { createProbeMethods } from "../../src/host/probe/methods.ts";
import { runProbe } from "../../src/host/probe/main.ts";
import { SpanwireError } from "../../src/util/problem.ts";

/** A host program that knows nothing but probes, for tests of `verify` alone: JSON-RPC lines on stdio. */
async function serve(): Promise<void> {
  const { methods, closeAll } = createProbeMethods({ selfArgv: [process.execPath, import.meta.filename] });
  const answer = async ({ id, method, params }: { id: number; method: string; params: unknown }): Promise<void> => {
    const reply = await methods[method]?.(params).then(
      (result) => ({ result }),
      (error: unknown) => ({ error: { message: String(error), data: { problems: error instanceof SpanwireError ? error.problems : [] } } }),
    );
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...(reply ?? { error: { message: `no method ${method}` } }) })}\n`);
  };
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void answer(JSON.parse(line) as Parameters<typeof answer>[0]));
  lines.on("close", () => void closeAll().finally(() => process.exit(0)));
}

await (process.argv[2] === "probe" ? runProbe() : serve());
