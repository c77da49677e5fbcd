import { muteOutput } from "./output.ts";

/** 128 + SIGINT, as shells report it. */
const EXIT_INTERRUPTED = 130;

const cleanups = new Set<() => Promise<void>>();

/**
 * Runs `act`; when the user presses Ctrl-C meanwhile, `cleanup` first ends what is under way. A host program whose input
 * ends undoes an unconfirmed plan, so waiting for it means that the hosts are as before.
 */
export async function interruptible<T>(cleanup: () => Promise<void>, act: () => Promise<T>): Promise<T> {
  cleanups.add(cleanup);
  if (cleanups.size === 1) process.once("SIGINT", interrupt);
  try {
    return await act();
  } finally {
    cleanups.delete(cleanup);
    if (cleanups.size === 0) process.off("SIGINT", interrupt);
  }
}

function interrupt(): void {
  process.stderr.write("\ninterrupted: hosts undo what was not confirmed\n");
  muteOutput();
  void Promise.allSettled([...cleanups].map((cleanup) => cleanup())).then(() => process.exit(EXIT_INTERRUPTED));
}
