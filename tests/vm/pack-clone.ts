import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBundle } from "../../scripts/make-bundle.ts";
import { run } from "../../src/util/run.ts";
import { demand } from "../lab/cluster-lab.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
/** History, and what only checks and builds need. */
const LEFT_OUT = [
  ...[".git", "dist"],
  ...["knip", "oxc-parser", "oxfmt", "@oxfmt", "@oxlint", "@oxlint-tsgolint", "typescript", "@typescript", "@esbuild"].map(
    (name) => `node_modules/${name}`,
  ),
];
const TIMEOUT_MS = 10 * 60_000;

/** This clone with its dependencies and its bundle (dist/spanwire.mjs), as a file of tar's. */
export async function packClone(directory: string): Promise<string> {
  await makeBundle(join(directory, "dist/spanwire.mjs"));
  const archive = join(directory, "clone.tar");
  const without = LEFT_OUT.map((path) => `--exclude=./${path}`);
  demand(await run(["tar", "-C", REPOSITORY, ...without, "-cf", archive, ".", "-C", directory, "dist"], { timeoutMs: TIMEOUT_MS }));
  return archive;
}
