import { mkdir, readlink, rename, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "../../util/sync-directory.ts";

export async function writeOwnFile(path: string, content: string, isLink: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryOf(path);
  if (isLink) {
    if ((await readlink(path).catch(() => "")) === content) return;
    await rm(temporary, { force: true });
    await symlink(content, temporary);
  } else await writeFile(temporary, content, { mode: 0o644, flush: true });
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** One process at a time changes a host, so a leftover of one that was killed is met again. */
const temporaryOf = (path: string): string => `${path}.new`;

export async function removeOwnFile(path: string): Promise<void> {
  for (const file of [path, temporaryOf(path)]) await rm(file, { force: true });
  // a folder of drop-ins that holds no more: most hosts have none before us
  if (dirname(path).endsWith(".conf.d")) await rmdir(dirname(path)).catch(() => {});
}
