import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SpanwireError } from "../../model/problem.ts";
import { CACHE_ROOT } from "../lab-names.ts";
import { isSameProcess, processIdentity } from "../../util/process-identity.ts";
import { runTool } from "../tools.ts";

const ROOT = `${CACHE_ROOT}/docker28`;
const MIRROR = "http://deb.debian.org/debian";
/** Two downloads of some 150 MB together. */
const BUILD_TIMEOUT_MS = 15 * 60_000;

/**
 * A Debian unstable in a folder, for its Docker 28; built once per machine (about a minute) and kept. Built beside and
 * renamed, so a folder of that name is always whole.
 */
export async function ensureDocker28Root(runId: string, progress: (phrase: string) => void, signal?: AbortSignal): Promise<string> {
  if (existsSync(ROOT)) return ROOT;
  removeStaleBuilds();
  const owner = processIdentity(process.pid);
  const building = `${ROOT}.building-${owner?.pid ?? 0}-${owner?.startTicks ?? 0}`;
  mkdirSync(building, { recursive: true, mode: 0o755 });
  try {
    await buildRoot(runId, building, progress, signal);
    await moveIntoPlace(building);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return ROOT;
}

async function buildRoot(runId: string, root: string, progress: (phrase: string) => void, signal?: AbortSignal): Promise<void> {
  const options = {
    runId,
    timeoutMs: BUILD_TIMEOUT_MS,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(signal === undefined ? {} : { signal }),
  };
  requireDebootstrap();
  progress("fetching Debian unstable for Docker 28 (once per machine)");
  // In a mount namespace of its own: what debootstrap mounts in there goes with it, however it ends.
  await runTool(["unshare", "--mount", "debootstrap", "--variant=minbase", "sid", root, MIRROR], {
    ...options,
    doing: "fetching Debian unstable",
  });
  progress("installing Docker 28 in it");
  writeFileSync(`${root}/usr/sbin/policy-rc.d`, "#!/bin/sh\nexit 101\n", { mode: 0o755 }); // start no service
  cpSync("/etc/resolv.conf", `${root}/etc/resolv.conf`, { dereference: true });
  // Unstable's Release file may be past its date on a mirror that is not updated.
  const apt = ["unshare", "--mount", "chroot", root, "apt-get", "-q", "-y", "-o", "Acquire::Check-Valid-Until=false"] as const;
  await runTool([...apt, "update"], { ...options, doing: "reading Debian unstable's package list" });
  await runTool([...apt, "install", "--no-install-recommends", "docker.io", "iptables"], { ...options, doing: "installing Docker 28" });
  await requireVersion28(runId, root);
  await runTool([...apt, "clean"], { ...options, doing: "tidying up Debian unstable" });
}

function requireDebootstrap(): void {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  if (folders.some((folder) => existsSync(join(folder, "debootstrap")))) return;
  throw new SpanwireError({
    ...{ kind: "unsupported", doing: "fetching", what: "Docker 28", where: "" },
    why: "it comes from Debian unstable, and debootstrap, which fetches that, is not on this machine",
    try: "install the package debootstrap, or use --docker host",
  });
}

/** Unstable moves on; a lab that promised 28 must not run another. */
async function requireVersion28(runId: string, root: string): Promise<void> {
  const version = await runTool(["chroot", root, "dockerd", "--version"], { runId, doing: "reading Docker's version" });
  if (/version 28\./.test(version)) return;
  const why = `Debian unstable now ships another one: ${version.trim()}`;
  throw new SpanwireError({ kind: "unsupported", doing: "fetching", what: "Docker 28", where: "", why, try: "use --docker host" });
}

async function moveIntoPlace(building: string): Promise<void> {
  try {
    renameSync(building, ROOT);
  } catch (error) {
    if (existsSync(ROOT)) return; // another lab was faster; theirs is as good
    throw new SpanwireError(
      { kind: "command", doing: "keeping", what: ROOT, where: "", why: (error as Error).message, try: `make room below ${CACHE_ROOT}` },
      { cause: error },
    );
  }
}

/** Halves whose builder died. */
export function removeStaleBuilds(): void {
  if (!existsSync(CACHE_ROOT)) return;
  for (const name of readdirSync(CACHE_ROOT)) {
    const [, pid = "", startTicks = ""] = /^docker28\.building-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid !== "" && !isSameProcess({ pid: Number(pid), startTicks })) rmSync(`${CACHE_ROOT}/${name}`, { recursive: true, force: true });
  }
}
