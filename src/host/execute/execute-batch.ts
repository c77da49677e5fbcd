import { runsOf, type Batch } from "../../plan/compare/batch-steps.ts";
import { SpanwireError } from "../../model/problem.ts";
import { toolOf } from "../../tools/index.ts";
import { DONE, type BatchResult, type ToolHost } from "../../tools/tool.ts";

/** Does one batch: the only code that changes a host. */
export async function executeBatch({ items }: Batch, host: ToolHost): Promise<BatchResult> {
  const notes: string[] = [];
  try {
    for (const commands of runsOf(items)) {
      const result = await toolOf(commands[0]!).run(commands, host);
      notes.push(...result.notes);
      if (!result.ok) return { ...result, notes };
    }
    return { ...DONE, notes };
  } catch (error) {
    const why = error instanceof SpanwireError ? error.problems.map((problem) => problem.why).join("; ") : (error as Error).message;
    return { ok: false, why, notes };
  }
}
