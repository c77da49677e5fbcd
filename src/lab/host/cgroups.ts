import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SpanwireError } from "../../model/problem.ts";

/** Empty cgroups stay busy for a moment after their last process was reaped. */
const REMOVE_TIMEOUT_MS = 10_000;
const POLL_MS = 15;

/** Our cgroups in every mounted hierarchy: several with cgroup v1, one with v2. */
function findCgroups(names: readonly string[]): string[] {
  const roots = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4] ?? "");
  return [...new Set(roots)].flatMap((root) => names.map((name) => `${root}/${name}`)).filter((path) => existsSync(path));
}

/** With cgroup v1 a paused container does not even die of SIGKILL (kernel, cgroup-v1/freezer-subsystem.rst). */
export function thawCgroups(names: readonly string[]): void {
  for (const path of findCgroups(names).flatMap(withDescendants)) {
    try {
      if (existsSync(`${path}/freezer.state`)) writeFileSync(`${path}/freezer.state`, "THAWED");
    } catch {
      // Removed meanwhile with its last process.
    }
  }
}

export async function removeCgroups(names: readonly string[]): Promise<void> {
  const deadline = performance.now() + REMOVE_TIMEOUT_MS;
  for (;;) {
    const left = findCgroups(names).flatMap(withDescendants);
    if (left.length === 0) return;
    let why = "";
    for (const path of left) {
      try {
        rmdirSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") why = (error as Error).message;
      }
    }
    if (why === "") continue;
    if (performance.now() > deadline) {
      throw new SpanwireError({
        kind: "timeout",
        doing: "removing the cgroup",
        what: left.join(", "),
        where: "",
        why,
        try: "see which process is in it with `cat CGROUP/cgroup.procs`, then run `spanwire lab down` again",
      });
    }
    await delay(POLL_MS);
  }
}

/** Children first: a cgroup with children cannot be removed. */
function withDescendants(path: string): string[] {
  try {
    const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...children.flatMap((child) => withDescendants(`${path}/${child.name}`)), path];
  } catch {
    return [path];
  }
}
