import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/util/run.ts";

/** The last commit before the rebuild of 0.2: its lock is of version 1. */
const FORMER_COMMIT = "dd12578";

export interface FormerProgram {
  main: string;
  remove(): Promise<void>;
}

/** The sources of that commit with today's node_modules, taken from the history; a string says why they cannot be had. */
export async function fetchFormerProgram(): Promise<FormerProgram | string> {
  const root = process.cwd();
  const known = await run(["git", "-C", root, "cat-file", "-e", `${FORMER_COMMIT}^{commit}`]);
  if (known.exitCode !== 0) return `commit ${FORMER_COMMIT} is not in this clone`;
  const folder = await mkdtemp(join(tmpdir(), "spanwire-former-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const archive = join(folder, "former.tar");
  for (const argv of [
    ["git", "-C", root, "archive", "--output", archive, FORMER_COMMIT, "src", "package.json"],
    ["tar", "-xf", archive, "-C", folder],
  ] as const) {
    const result = await run(argv);
    if (result.exitCode === 0) continue;
    await remove();
    throw new Error(result.stderr);
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return { main: join(folder, "src/cli/main.ts"), remove };
}
