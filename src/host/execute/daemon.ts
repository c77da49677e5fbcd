import { rm } from "node:fs/promises";
import { describeRun, run } from "../../util/run.ts";
import { isSystemdOurs } from "../observe/systemd.ts";

/**
 * Starts a program that goes on in the background by itself. Under systemd it gets a unit of its own (systemd-run(1)): what ends the
 * session that started it, or our boot service, would end it too. Where it can start again, the unit does not stand in its way.
 */
export async function startDaemon([program, name]: readonly [string, string]): Promise<void> {
  const unit = `spanwire-${name}`;
  const inUnit = ["systemd-run", "--collect", "--quiet", `--unit=${unit}`, "--property=Type=forking", program, name] as const;
  const result = await run(isSystemdOurs() ? inUnit : [program, name]);
  if (result.exitCode !== 0) throw new Error(describeRun(result));
}

export const removeSocket = (path: string): Promise<void> => rm(path, { force: true });
