import { PACE } from "../../util/pace.ts";

/** A timer of Node's fires a few milliseconds late on a busy host; later than this the whole host, or this program, was stopped. */
const LATE_MS = 250 * PACE;
/** What has arrived while nobody ran passes some processes before it is heard. Less than the guard's grace (run-guard.ts). */
const LISTEN_MS = 1_000 * PACE;

export interface Silence {
  /** Somebody has spoken, or is being answered. */
  end(): void;
  /** From now on nobody speaks; what began before was ended. */
  begin(patienceMs: number): void;
}

/** Calls `onTooLong` once nobody has spoken for the time given. A program that was stopped itself listens first: it knows of no silence. */
export function createSilence(onTooLong: () => void): Silence {
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
