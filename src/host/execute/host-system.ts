import type { Batch } from "../../plan/compare/batch-steps.ts";
import type { BatchResult } from "../../tools/tool.ts";
import type { ManagementProbe } from "../change/management-path.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** The host program's only way to its host: read everything, do one batch. Tests put a fake here. */
export interface HostSystem {
  observe(wish?: ObserveWish): Promise<Snapshot>;
  execute(batch: Batch): Promise<BatchResult>;
  /** Takes all containers out of a Docker network that the plan made, and that goes: Docker does not remove it while it has any. */
  evictMembers?(network: string): Promise<void>;
  /** Whether whoever manages this host is still answered; absent when nobody says from where that is. */
  probeManagement?(): Promise<ManagementProbe>;
}

export interface ObserveWish {
  /**
   * Docker counts as absent. Before it has started, systemd listens in its place (docker.socket): a question would wait for
   * a service that waits for whoever asks.
   */
  withoutDocker?: boolean;
}
