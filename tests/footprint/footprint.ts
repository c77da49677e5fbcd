import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { callDocker } from "../../src/host/observe/docker-api.ts";
import { normaliseFootprint, type Footprint } from "./normalise-footprint.ts";
import { readJson } from "../../src/host/observe/read-json.ts";
import { readOvs } from "../../src/host/observe/read-ovs.ts";

/**
 * Everything a host shows of its network, ours and others': what must be equal before the first apply and after
 * `destroy`. Wider than a snapshot on purpose, and read by its own commands, so that it also sees what we forgot.
 */
export async function readFootprint(stateDirectory: string): Promise<Footprint> {
  const [links, addresses, routes4, routes6, rules4, rules6, neighbours, fdb, ruleset, sysctls, networks, containers, stateFiles, ovs] =
    await Promise.all([
      readJson<unknown[]>(["ip", "-d", "-j", "link", "show"]),
      readJson<unknown[]>(["ip", "-j", "addr", "show"]),
      readJson<unknown[]>(["ip", "-j", "-4", "route", "show", "table", "all"]),
      readJson<unknown[]>(["ip", "-j", "-6", "route", "show", "table", "all"]),
      readJson<unknown[]>(["ip", "-j", "-4", "rule", "show"]),
      readJson<unknown[]>(["ip", "-j", "-6", "rule", "show"]),
      readJson<unknown[]>(["ip", "-j", "neigh", "show", "nud", "permanent"]),
      readJson<unknown[]>(["bridge", "-j", "fdb", "show"]),
      readJson<{ nftables: unknown[] }>(["nft", "-j", "list", "ruleset"]),
      readSysctls("/proc/sys/net"),
      askDocker("/networks"),
      askDocker("/containers/json?all=1"),
      listFiles(stateDirectory),
      readOvs(),
    ]);
  return normaliseFootprint({
    ...{ links, addresses, routes: [...routes4, ...routes6], rules: [...rules4, ...rules6], neighbours, fdb },
    ...{ ruleset: ruleset.nftables, sysctls, networks, containers, stateFiles },
    ovs: ovs.state === "ready" ? [...ovs.bridges, ...ovs.ports] : [],
  });
}

/** A host without Docker has none of its things. */
async function askDocker(path: string): Promise<unknown[]> {
  return callDocker<unknown[]>("GET", path).catch(() => []);
}

async function readSysctls(root: string): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const path of await listFiles(root)) {
    const value = await readFile(join(root, path), "utf8").catch(() => undefined); // some can only be written
    if (value !== undefined) values[path] = value.trim();
  }
  return values;
}

/** Relative paths of all files; none when the directory is not there. */
async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}
