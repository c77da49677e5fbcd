import type { ConfirmState } from "../../engine/apply-plan.ts";
import { escapeControls } from "./escape-controls.ts";
import { muteOutput } from "./output.ts";

/** 128 + SIGINT, as shells report it. */
const EXIT_INTERRUPTED = 130;

/** Hosts whose change no longer ends with the conversation. */
const confirms = new Map<string, ConfirmState>();

export function noteConfirm(host: string, state: ConfirmState): void {
  confirms.set(host, state);
}

/** Asks the hosts how they are, after an interrupt of a change that had begun. */
let aftermath: (() => Promise<readonly string[]>) | undefined;

/** From now on an interrupt may find hosts changed. */
export function noteBegun(ask: () => Promise<readonly string[]>): void {
  aftermath = ask;
}

const endings = new Set<() => void>();

/** `act` runs when an interrupt ends this process, until what this answers is called. */
export function onInterrupted(act: () => void): () => void {
  endings.add(act);
  return () => void endings.delete(act);
}

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
  muteOutput();
  process.stderr.write(`\n${describeInterrupt(confirms, aftermath !== undefined)}\n`);
  void Promise.allSettled([...cleanups].map((cleanup) => cleanup()))
    .then(() => aftermath?.())
    .then(
      (lines) => lines?.forEach((line) => process.stderr.write(`  ${escapeControls(line)}\n`)),
      () => process.stderr.write("  how the hosts are now: `spanwire status`\n"),
    )
    .finally(() => {
      for (const end of endings) end();
      process.exit(EXIT_INTERRUPTED);
    });
}

/** What hosts do when the conversations end now. */
export function describeInterrupt(states: ReadonlyMap<string, ConfirmState>, begun = true): string {
  if (!begun) return "interrupted: nothing was changed";
  if (states.size === 0) return "interrupted: hosts undo what was not confirmed";
  const [confirmed, asked] = (["confirmed", "asked"] as const).map((state) =>
    [...states].flatMap(([host, is]) => (is === state ? [host] : [])).sort(),
  ) as [string[], string[]];
  const parts = [
    ...(confirmed.length === 0 ? [] : [`the change stays on ${confirmed.join(", ")}`]),
    ...(asked.length === 0 ? [] : [`it may stay on ${asked.join(", ")}`]),
  ];
  return `interrupted: ${parts.join("; ")}; every other host undoes it. \`spanwire status\` shows how they are, \`spanwire apply\` makes them all as the file says`;
}
