import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CLEAN_ENV } from "../../util/run.ts";
import { PATIENCE } from "../../util/patience.ts";

/** A probe's namespace with the process that holds it. */
export interface ProbeProcess {
  pid: number;
  request(op: string, params: unknown): Promise<unknown>;
  /** Ends the process and waits until it is gone. */
  close(): Promise<void>;
}

const READY_TIMEOUT_MS = Math.round(15_000 * PATIENCE);
/** Time between closing stdin and killing. */
const GRACE_MS = 1_000 * PATIENCE;
const STDERR_BYTES = 2_000;

/** Starts `unshare --net -- ...selfArgv probe`; rejects when it does not get ready. */
export async function startProbeProcess(selfArgv: readonly string[]): Promise<ProbeProcess> {
  const child = spawn("unshare", ["--net", "--", ...selfArgv, "probe"], { env: CLEAN_ENV, stdio: ["pipe", "pipe", "pipe"] });
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let stderr = "";
  let ended: Error | undefined;
  let nextId = 1;

  const fail = (why: string): void => {
    ended ??= new Error(why);
    ready.reject(ended);
    for (const call of pending.values()) call.reject(ended);
    pending.clear();
  };
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-STDERR_BYTES);
  });
  child.on("error", (error) => {
    fail(`the probe could not start: ${error.message}`);
    if (child.pid === undefined) closed.resolve();
  });
  child.on("close", (code, signal) => {
    fail(`the probe ended (${signal ?? `exit ${code}`}): ${stderr.trim()}`);
    closed.resolve();
  });
  child.stdin.on("error", () => {
    // EPIPE: `close` follows and says why.
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as { ready?: true; id?: number; result?: unknown; error?: string };
    if (message.ready === true) return ready.resolve();
    const call = pending.get(message.id ?? -1);
    pending.delete(message.id ?? -1);
    if (message.error === undefined) call?.resolve(message.result);
    else call?.reject(new Error(message.error));
  });

  const close = (): Promise<void> => {
    child.stdin.end();
    const killer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    return closed.promise.finally(() => clearTimeout(killer));
  };
  const timer = setTimeout(() => fail(`the probe was not ready within ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
  await ready.promise.finally(() => clearTimeout(timer)).catch((error: unknown) => close().then(() => Promise.reject(error)));
  return {
    pid: child.pid as number,
    request(op, params) {
      if (ended !== undefined) return Promise.reject(ended);
      const id = nextId++;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ id, op, params })}\n`);
      });
    },
    close,
  };
}
