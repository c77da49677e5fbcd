import { SpanwireError } from "../model/problem.ts";

export function requireRoot(doing: string, runId: string): void {
  if (process.getuid?.() === 0) return;
  throw new SpanwireError({
    kind: "refused",
    doing,
    what: runId,
    where: "",
    why: "a lab is made of network namespaces and Docker daemons, and only root may handle those",
    try: "run the same command with sudo",
  });
}
