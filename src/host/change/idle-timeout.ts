import { PATIENCE } from "../../util/patience.ts";

/** A timer of Node's fires a few milliseconds late on a busy host; later than this the whole host, or this program, was stopped. */
const LATE_MS = 250 * PATIENCE;
/** What arrived while this program was stopped passes some processes before it is read. Less than the guard's grace (run-guard.ts). */
const LISTEN_MS = 1_000 * PATIENCE;

export interface IdleTimeout {
  /** A request has come, or is being answered: the peer is alive. */
  end(): void;
  /** The peer is idle from now on. */
  begin(patienceMs: number): void;
}

/** Calls `onTooLong` once the peer has been idle for the time given. A program that was stopped itself first reads what has arrived meanwhile. */
export function createIdleTimeout(onTooLong: () => void): IdleTimeout {
  let timer: NodeJS.Timeout | undefined;
  return {
    end: () => clearTimeout(timer),
    begin(patienceMs) {
      const dueAtMs = performance.now() + patienceMs;
      const listen = (): void => {
        if (performance.now() - dueAtMs <= LATE_MS) onTooLong();
        else timer = setTimeout(onTooLong, LISTEN_MS).unref();
      };
      timer = setTimeout(listen, patienceMs).unref();
    },
  };
}
