import { readFileSync, rmSync } from "node:fs";
import { SpanwireError } from "../model/problem.ts";
import { run } from "../util/run.ts";
import { removeCgroups, thawCgroups } from "./host/cgroups.ts";
import { removeStaleBuilds } from "./host/docker28-root.ts";
import { removeNamespaces, removeNetnsRoot } from "./lab-network.ts";
import { parseRunId, runDirectory } from "./lab-names.ts";
import { currentOwner, findLab, isBusy, removeLabState, writeLabState, type LabState } from "./lab-state.ts";
import { requireRoot } from "./require-root.ts";
import { removeDeadSockets } from "./host/wireguard-sockets.ts";
import { killRunProcesses } from "./host/processes.ts";

/**
 * Removes everything a run created, from whatever state it is in; returns false when there was nothing.
 *
 * Containers and daemons are killed, not asked: all they would tidy up (mounts, links, rules, sockets) lives in
 * namespaces that vanish with them, their data is deleted next, and a container with a restart policy would come back.
 */
export async function stopLab(runId: string): Promise<boolean> {
  parseRunId(runId);
  requireRoot("stopping the lab", runId);
  const lab = findLab(runId);
  if (lab !== undefined) {
    if (isBusy(lab)) throw busyProblem(lab);
    writeLabState({ ...lab, phase: "stopping", owner: currentOwner() });
  }
  const names = lab?.namespaces ?? [];
  thawCgroups(names);
  await killRunProcesses(runId, names);
  await removeDeadSockets();
  await removeNamespaces(runId, names);
  await removeCgroups(names);
  const hadData = await removeData(runId);
  removeStaleBuilds();
  await removeNetnsRoot(runId);
  removeLabState(runId);
  return lab !== undefined || hadData;
}

async function removeData(runId: string): Promise<boolean> {
  const directory = runDirectory(runId);
  // Daemons mount in their own mount namespaces only. Were there a mount here, deleting would go through it.
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.toReversed()) await run(["umount", "-n", "--lazy", path]);
  try {
    rmSync(directory, { recursive: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function busyProblem(lab: LabState): SpanwireError {
  return new SpanwireError({
    kind: "conflict",
    doing: "stopping the lab",
    what: lab.runId,
    where: "",
    why: `process ${lab.owner.pid} is ${lab.phase} it right now`,
    try: `wait for it, or end it with \`kill ${lab.owner.pid}\` (it cleans up) and run this again`,
  });
}
