import { setTimeout as delay } from "node:timers/promises";
import type { HostPlan } from "../model/plan.ts";
import { DATAPLANES } from "../dataplanes/index.ts";
import type { Stage } from "../model/step.ts";
import type { Connection } from "../transport/connection.ts";

/** STP takes twice its forward delay of 15 s after the last change (IEEE 802.1D-1998, 8.10.2); RSTP a second or two. */
const LIMIT_MS = 45_000;
const EVERY_MS = 500;

/**
 * Waits until the links that this stage makes or changes have decided on all its hosts whether they forward (a spanning tree
 * takes its time), so that nobody is moved onto one that does not yet. What is still undecided at the end is for `verify` to judge.
 */
export async function settleTrees(
  hosts: readonly HostPlan[],
  stage: Stage,
  connections: ReadonlyMap<string, Connection>,
  onWait: (host: string, ports: number) => void,
): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  await Promise.all(
    hosts.map(async ({ host, steps }) => {
      const made = steps.filter((step) => step.stage === stage);
      const readers = [...DATAPLANES.values()].flatMap((plane) => plane.settling?.(made) ?? []);
      const connection = connections.get(host);
      if (readers.length === 0 || connection === undefined) return;
      let waiting = Infinity;
      while (performance.now() < until) {
        const snapshot = await connection.request("observe", {});
        const ports = readers.flatMap((read) => read(snapshot));
        if (ports.length === 0) return;
        if (ports.length !== waiting) onWait(host, ports.length);
        waiting = ports.length;
        await delay(EVERY_MS);
      }
    }),
  );
}
