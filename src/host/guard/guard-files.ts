import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { dropDeadline, findDeadline } from "../change/deadline.ts";

/** Who watches, written by the guard when it is ready. */
export const guardFile = (planId: string): string => `guard-${planId}.json`;

/** Drops what the guard of a plan that has ended has left; another plan may have begun meanwhile, and its files stay. */
export async function clearGuard(root: string, planId: string): Promise<void> {
  if (findDeadline(root)?.planId === planId) await dropDeadline(root);
  await rm(join(root, guardFile(planId)), { force: true });
}

/** After a boot none of them watches any more. */
export async function clearGuards(root: string): Promise<void> {
  await dropDeadline(root);
  const names = (await readdir(root).catch(() => [])).filter((name) => /^guard-.*\.json$/.test(name));
  for (const name of names) await rm(join(root, name), { force: true });
}
