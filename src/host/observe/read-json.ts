import { SpanwireError } from "../../model/problem.ts";
import { describeRun, run } from "../../util/run.ts";

/** Runs a tool that answers in JSON. What cannot be read is an error, never an empty host. */
export async function readJson<T>(argv: readonly [string, ...string[]]): Promise<T> {
  const result = await run(argv);
  const fail = (why: string): SpanwireError =>
    new SpanwireError({
      kind: "command",
      doing: "reading the host with",
      what: argv.join(" "),
      where: "",
      why,
      try: "run that command on the host by hand",
    });
  if (result.exitCode !== 0) throw fail(describeRun(result));
  try {
    return JSON.parse(result.stdout.trim() === "" ? "[]" : result.stdout) as T;
  } catch {
    throw fail("its answer is not JSON");
  }
}
