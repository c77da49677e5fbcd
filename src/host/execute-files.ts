import { mkdir, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { findOwnFile, isOwnContent, type ServiceName } from "../resources/own-files.ts";
import type { Command } from "../resources/resource.ts";
import { describeRun, run } from "../util/run.ts";
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
    if (command.op === "remove") await rm(command.path, { force: true });
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
  const temporary = `${path}.${process.pid}.new`;
  if (isLink) {
    if ((await readlink(path).catch(() => "")) === content) return;
    await symlink(content, temporary);
  } else await writeFile(temporary, content, { mode: 0o644, flush: true });
  await rename(temporary, path);
}
