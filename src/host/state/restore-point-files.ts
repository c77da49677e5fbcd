import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RestorePoint } from "../../plan/compile/restore-point.ts";
import { readJsonFile } from "./read-json-file.ts";
import { syncDirectory } from "../../util/sync-directory.ts";
import { writeAtomically } from "../../util/write-atomically.ts";

/**
 * What the boot unit builds from. A plan's point is written before its first step and takes the cluster's place by one
 * rename when the plan is confirmed.
 *
 *   confirmed/CLUSTER.json
 *   confirmed/PLAN.pending
 *   confirmed/PLAN.former     what the plan's point took the place of, until the plan has ended
 */
export interface RestorePoints {
  readPoints(): Promise<RestorePoint[]>;
  preparePoint(point: RestorePoint): Promise<void>;
  /** Does nothing when that plan has no point waiting. */
  keepPoint(planId: string): Promise<void>;
  /** The plan that took a point's place goes back after all. Does nothing when it took none. */
  takeBackPoint(planId: string, clusterUuid: string): Promise<void>;
  dropPoint(planId: string): Promise<void>;
  /** The cluster is gone from this host. */
  forgetPoint(clusterUuid: string): Promise<void>;
}

export function openRestorePoints(root: string): RestorePoints {
  const folder = join(root, "confirmed");
  const pending = (planId: string): string => join(folder, `${planId}.pending`);
  const former = (planId: string): string => join(folder, `${planId}.former`);
  const confirmed = (clusterUuid: string): string => join(folder, `${clusterUuid}.json`);
  return {
    async readPoints() {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
      const points = await Promise.all(names.map((name) => readJsonFile<RestorePoint>(join(folder, name))));
      return points.filter((point) => point !== undefined);
    },
    async preparePoint(point) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeAtomically(pending(point.planId), JSON.stringify(point));
    },
    async keepPoint(planId) {
      const point = await readJsonFile<RestorePoint>(pending(planId));
      if (point === undefined) return;
      const known = await readJsonFile<RestorePoint>(confirmed(point.clusterUuid));
      await writeAtomically(former(planId), JSON.stringify(known ?? null));
      await rename(pending(planId), confirmed(point.clusterUuid));
      await syncDirectory(folder);
    },
    async takeBackPoint(planId, clusterUuid) {
      const known = await readJsonFile<RestorePoint | null>(former(planId));
      if (known === undefined) return;
      if (known === null) await rm(confirmed(clusterUuid), { force: true });
      else await writeAtomically(confirmed(clusterUuid), JSON.stringify(known));
      await syncDirectory(folder);
    },
    async dropPoint(planId) {
      for (const path of [pending(planId), former(planId)]) await rm(path, { force: true });
    },
    forgetPoint: (clusterUuid) => rm(confirmed(clusterUuid), { force: true }),
  };
}
