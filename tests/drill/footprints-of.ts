import type { Footprint } from "../../src/host/normalise-footprint.ts";
import type { ClusterLab } from "../lab/cluster-lab.ts";

/** Journals stay: they are the record of what was tried, and not what the host does. */
export async function footprintsOf(cluster: ClusterLab): Promise<Record<string, Footprint>> {
  const read = await cluster.footprints();
  const isState = (path: string): boolean => !/^(journal\/|audit\.jsonl)/.test(path);
  return Object.fromEntries(
    Object.entries(read).map(([host, found]) => [host, { ...found, stateFiles: found.stateFiles.filter(isState) }]),
  );
}
