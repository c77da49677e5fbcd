import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { VERSION as version } from "../src/util/version.ts";
import { makeBundle } from "./make-bundle.ts";
import { packageDeb } from "./package-deb.ts";
import { completeBom, writeSums } from "./write-sums.ts";

/**
 * `npm run build`: dist/spanwire.mjs, all of src as one plain file, and dist/spanwire, the same inside Node as one
 * executable (https://nodejs.org/api/single-executable-applications.html). `--node PATH`, any number of times, makes
 * one for another architecture too: PATH is a Node of the same version for it. Then the packages: a .deb of each
 * executable, a tarball for npm, a list of what they are made of, and checksums. `--no-packages` leaves them out.
 */
const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const DIST = join(REPOSITORY, "dist");
const BUNDLE = join(DIST, "spanwire.mjs");
const { values } = parseArgs({
  options: { node: { type: "string", multiple: true, default: [] }, packages: { type: "boolean", default: true } },
  allowNegative: true,
});

rmSync(DIST, { recursive: true, force: true });
await makeBundle(BUNDLE);
say(`dist/spanwire.mjs ${must(process.execPath, BUNDLE, "--version").trim()}`);

buildExecutable(process.execPath, join(DIST, "spanwire"));
say(`dist/spanwire ${must(join(DIST, "spanwire"), "--version").trim()}, ${process.arch}`);
const executables = [{ architecture: process.arch as string, path: join(DIST, "spanwire") }];
for (const node of values.node) {
  const architecture = readArchitecture(node);
  const path = join(DIST, `spanwire-${architecture}`);
  buildExecutable(node, path);
  say(`dist/spanwire-${architecture}: not started, it is for another machine`);
  executables.push({ architecture, path });
}
if (values.packages) buildPackages();

function buildPackages(): void {
  const licence = readFileSync(join(REPOSITORY, "LICENSE"), "utf8");
  const epochSeconds = Number(
    process.env["SOURCE_DATE_EPOCH"] ?? findCommitTime() ?? Math.floor(statSync(join(REPOSITORY, "package.json")).mtimeMs / 1000),
  );
  for (const { architecture, path } of executables) {
    const debian = architecture === "x64" ? "amd64" : "arm64";
    const output = join(DIST, `spanwire_${version}_${debian}.deb`);
    packageDeb({ executable: path, version, architecture: debian, licence, epochSeconds, output });
    say(relative(REPOSITORY, output));
  }
  must("npm", "pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", DIST);
  say(`dist/spanwire-${version}.tgz`);
  const bom = must("npm", "sbom", "--sbom-format=cyclonedx", "--package-lock-only", "--loglevel=error");
  writeFileSync(join(DIST, "spanwire.cdx.json"), completeBom(bom, epochSeconds));
  say("dist/spanwire.cdx.json");
  writeSums(DIST);
  say("dist/SHA256SUMS");
}

/** In a clone. */
function findCommitTime(): string | undefined {
  const { status, stdout } = spawnSync("git", ["-C", REPOSITORY, "log", "-1", "--format=%ct"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** The same bytes for the same sources and Node: no code cache, which differs from run to run and saves 20 ms. */
function buildExecutable(node: string, output: string): void {
  const folder = mkdtempSync(join(tmpdir(), "spanwire-build-"));
  try {
    const stripped = join(folder, "node");
    strip(node, stripped);
    const config = {
      main: BUNDLE,
      mainFormat: "module",
      executable: stripped,
      output,
      disableExperimentalSEAWarning: true,
      execArgv: ["--disable-warning=ExperimentalWarning"],
      // NODE_OPTIONS of whoever calls it changes nothing
      execArgvExtension: "none",
    };
    writeFileSync(join(folder, "sea.json"), JSON.stringify(config));
    must(process.execPath, "--build-sea", join(folder, "sea.json"));
    chmodSync(output, 0o755);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Node comes with symbols for debuggers: 33 of 150 MB. */
function strip(from: string, to: string): void {
  const { status, error, stderr } = spawnSync("strip", ["--strip-all", "-o", to, from], { encoding: "utf8" });
  if (status === 0) return;
  say(`not stripped, so a fifth larger: ${error?.message ?? stderr.trim()} (package binutils)`);
  writeFileSync(to, readFileSync(from));
}

/** e_machine of the ELF header (elf.h): EM_X86_64, EM_AARCH64. */
function readArchitecture(path: string): string {
  const architecture = { 62: "x64", 183: "arm64" }[readFileSync(path).readUInt16LE(18)];
  if (architecture === undefined) throw new Error(`${path} is no Node for x64 or arm64 Linux`);
  return architecture;
}

function must(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: REPOSITORY, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
  return stdout;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
