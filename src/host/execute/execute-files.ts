import { mkdir, readlink, rename, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { findOwnFile, isOwnContent, type ServiceName } from "../../kinds/own-files.ts";
import type { Command } from "../../model/resource.ts";
import { describeRun, run } from "../../util/run.ts";
import { syncDirectory } from "../state/sync-directory.ts";
import type { BatchResult } from "./host-system.ts";

/** How a service hears that its files have changed. None of them touches a device by it. */
const RELOADS: Readonly<Record<ServiceName, readonly [string, ...string[]]>> = {
  systemd: ["systemctl", "daemon-reload"],
  networkd: ["networkctl", "reload"],
  NetworkManager: ["nmcli", "general", "reload", "conf"],
};

/** Only files of ours, and only what we would write there. */
export async function executeFiles(commands: readonly Command[]): Promise<BatchResult> {
  const services = new Set<ServiceName>();
  for (const command of commands) {
    if (command.tool !== "file") continue;
    const found = findOwnFile(command.path);
    if (found === undefined) throw new Error(`${command.path} is no file of ours`);
    if (command.op === "remove") await removeOwnFile(command.path);
    else await writeOwnFile(command.path, command.content, found.isLink);
    services.add(found.service);
  }
  for (const service of services) {
    const result = await run(RELOADS[service]);
    if (result.exitCode !== 0) return { ok: false, why: describeRun(result), notes: [] };
  }
  return { ok: true, why: "", notes: [] };
}

async function writeOwnFile(path: string, content: string, isLink: boolean): Promise<void> {
  if (!isOwnContent(path, content)) throw new Error(`that is not what ${path} may hold`);
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryOf(path);
  if (isLink) {
    if ((await readlink(path).catch(() => "")) === content) return;
    await rm(temporary, { force: true });
    await symlink(content, temporary);
  } else await writeFile(temporary, content, { mode: 0o644, flush: true });
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** One process at a time changes a host, so a leftover of one that was killed is met again. */
const temporaryOf = (path: string): string => `${path}.new`;

async function removeOwnFile(path: string): Promise<void> {
  for (const file of [path, temporaryOf(path)]) await rm(file, { force: true });
  // a folder of drop-ins that holds no more: most hosts have none before us
  if (dirname(path).endsWith(".conf.d")) await rmdir(dirname(path)).catch(() => {});
}
