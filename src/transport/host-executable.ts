import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { SpanwireError } from "../model/problem.ts";
import { IS_EXECUTABLE, IS_SOURCE } from "../util/self-argv.ts";
import type { Machine } from "./bootstrap-command.ts";

export interface HostExecutable {
  machine: Machine;
  path: string;
  sha256: string;
}

/** What process.arch and scripts/build.ts call them. */
const ARCHITECTURES = { x86_64: "x64", aarch64: "arm64" } as const satisfies Record<Machine, string>;

/** The executables that can be placed on hosts: ourselves, and what `npm run build` left beside us. */
export async function findHostExecutables(): Promise<HostExecutable[]> {
  const found = Object.entries(ARCHITECTURES).flatMap(([machine, architecture]) => {
    const path = pathsOf(architecture).find((candidate) => existsSync(candidate));
    return path === undefined ? [] : [{ machine: machine as Machine, path }];
  });
  if (found.length === 0) throw noExecutable();
  if (IS_SOURCE) await requireFresh(found.map(({ path }) => path));
  return Promise.all(found.map(async (one) => ({ ...one, sha256: await hashFile(one.path) })));
}

/** Where an executable of this architecture may be. */
function pathsOf(architecture: string): string[] {
  const own = process.arch === architecture;
  if (IS_EXECUTABLE) return own ? [process.execPath] : [`${process.execPath}-${architecture}`];
  const folder = fileURLToPath(new URL(IS_SOURCE ? "../../dist" : ".", import.meta.url));
  return [`${folder}/spanwire-${architecture}`, ...(own ? [`${folder}/spanwire`] : [])];
}

function noExecutable(): SpanwireError {
  return new SpanwireError({
    kind: "input",
    doing: "looking for",
    what: "the executable to place on hosts",
    where: "",
    why: IS_SOURCE ? "dist/spanwire is not built" : "this installation has none",
    try: IS_SOURCE ? "run `npm run build`" : "install the .deb, or build one with `npm run build` in a clone",
  });
}

/** Run from a clone, this side is the sources: an executable of yesterday's would not understand it. */
async function requireFresh(paths: readonly string[]): Promise<void> {
  const sources = fileURLToPath(new URL("..", import.meta.url));
  const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const changedMs = Math.max(...(await Promise.all(files.map(async (name) => (await stat(join(sources, name))).mtimeMs))));
  const builtMs = Math.min(...(await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs))));
  if (builtMs >= changedMs) return;
  throw new SpanwireError({
    kind: "input",
    doing: "looking for",
    what: "the executable to place on hosts",
    where: "",
    why: "dist/spanwire is older than the sources",
    try: "run `npm run build`",
  });
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Packed once for all hosts. Level 1: packing at 6 would take longer than sending the 10 % more it leaves. */
export async function packExecutable({ path }: HostExecutable): Promise<Buffer> {
  return promisify(gzip)(await readFile(path), { level: constants.Z_BEST_SPEED });
}
