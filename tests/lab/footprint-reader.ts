import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { hostEnvironment } from "../../src/lab/host/host-environment.ts";
import type { LabHost, LabState } from "../../src/lab/lab-state.ts";
import { CLEAN_ENV } from "../../src/util/run.ts";

const PROGRAM = fileURLToPath(new URL("print-footprint.ts", import.meta.url));

export interface FootprintReader {
  read(): Promise<Footprint>;
  end(): Promise<void>;
}

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
  const read = async (): Promise<Footprint> => {
    if (hasEnded(reader.child)) reader = startReader();
    reader.child.stdin.write("\n");
    return JSON.parse((await reader.lines.next()).value as string) as Footprint;
  };
  return {
    read,
    async end() {
      const { child } = reader;
      if (hasEnded(child)) return;
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
    },
  };
}
