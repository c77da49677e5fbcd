import { rm } from "node:fs/promises";
import type { Snapshot } from "../../model/snapshot.ts";
import { INSTALL_FOLDER } from "../../util/install-folder.ts";
import { SpanwireError } from "../../model/problem.ts";

/**
 * Removes what bootstraps placed, all versions of it, and answers whether there was anything: a lab's host program, or
 * one from a package, is not ours to remove. A running program may delete its own file.
 */
export async function purgeExecutable(snapshot: Pick<Snapshot, "links" | "former">, execPath = process.execPath): Promise<boolean> {
  if (!execPath.startsWith(`${INSTALL_FOLDER}/`)) return false;
  const ours = snapshot.links.filter((link) => link.alias.startsWith("spanwire,"));
  if (ours.length > 0 || Object.keys(snapshot.former).length > 0) {
    throw new SpanwireError({
      kind: "refused",
      doing: "removing",
      what: INSTALL_FOLDER,
      where: "",
      why: `a cluster is still on this host (${ours.map((link) => link.name).join(", ") || "settings of it"})`,
      try: "destroy that one first",
    });
  }
  await rm(INSTALL_FOLDER, { recursive: true, force: true });
  return true;
}
