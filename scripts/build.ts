import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** `npm run build`: all of src as two plain files in dist. `npm pack` calls it and makes the tarball. */
const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const DIST = join(REPOSITORY, "dist");

rmSync(DIST, { recursive: true, force: true });
await build({
  entryPoints: { spanwire: join(REPOSITORY, "src/cli/main.ts"), "enter-daemon": join(REPOSITORY, "src/lab/enter-daemon.ts") },
  outdir: DIST,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  legalComments: "eof",
  // Some dependencies are CommonJS and ask for Node's own modules by require(), which an ES module does not have.
  banner: { js: 'import { createRequire as createNodeRequire } from "node:module"; const require = createNodeRequire(import.meta.url);' },
});

const { status, stdout, stderr } = spawnSync(process.execPath, [join(DIST, "spanwire.mjs"), "--version"], { encoding: "utf8" });
if (status !== 0) throw new Error(`the bundle does not start: ${stderr}`);
process.stdout.write(`dist/spanwire.mjs ${stdout}`);
