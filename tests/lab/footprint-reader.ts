import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Footprint } from "../../src/host/normalise-footprint.ts";
import { hostEnvironment } from "../../src/lab/host-environment.ts";
import type { LabHost, LabState } from "../../src/lab/lab-state.ts";
import { CLEAN_ENV } from "../../src/util/run.ts";
import { until } from "./until.ts";

const PROGRAM = fileURLToPath(new URL("print-footprint.ts", import.meta.url));

export interface FootprintReader {
  read(): Promise<Footprint>;
  end(): Promise<void>;
}

/**
 * Of a link and its addresses as JSON. An IPv6 address is tentative for a second while the kernel looks for a duplicate
 * (RFC 4862, 5.4), and a probe's link stays until the kernel has taken its namespace down, in its own time.
 */
export const isSettled = (line: string): boolean => !/"tentative":true|"ifname":"spwp/.test(line);

/** One process in the host's namespace for many readings; a new one after a reboot of the host, which ends it. */
export function createFootprintReader(lab: LabState, host: LabHost): FootprintReader {
  const startReader = () => {
    const child = spawn("nsenter", [`--net=/run/netns/${host.namespace}`, "--", process.execPath, PROGRAM], {
      env: { ...CLEAN_ENV, ...hostEnvironment(lab, host) },
      stdio: ["pipe", "pipe", "inherit"],
    });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  };
  const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
  let reader = startReader();
  const readOnce = async (): Promise<Footprint> => {
    if (hasEnded(reader.child)) reader = startReader();
    reader.child.stdin.write("\n");
    return JSON.parse((await reader.lines.next()).value as string) as Footprint;
  };
  return {
    read: () => until(readOnce, ({ addresses }) => addresses.every(isSettled)),
    async end() {
      const { child } = reader;
      if (hasEnded(child)) return;
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
    },
  };
}
