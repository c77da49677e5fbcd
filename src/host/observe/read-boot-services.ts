import { existsSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { dirname } from "node:path";
import { findOwnFile, ownFilePaths, type BootServices } from "../../tools/own-files.ts";
import { SELF_ARGV } from "../../util/self-argv.ts";
import { isSystemdOurs } from "./systemd.ts";

export interface BootFacts {
  boot?: BootServices;
  files?: Readonly<Record<string, string>>;
}

/** Any cluster's: only the folders are of interest. */
const ANY_UUID = "00000000-0000-0000-0000-000000000000";

/** Which services start this host, and the files of ours they have. Nothing on a host without systemd. */
export async function readBootServices(): Promise<BootFacts> {
  if (!isSystemdOurs()) return {};
  const boot: BootServices = {
    program: SELF_ARGV,
    networkd: existsSync("/run/systemd/netif"),
    networkManager: existsSync("/run/NetworkManager"),
  };
  return { boot, files: await readOwnFiles() };
}

async function readOwnFiles(): Promise<Record<string, string>> {
  const folders = [...new Set(ownFilePaths(ANY_UUID).map((path) => dirname(path)))];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const paths = (await readdir(folder).catch(() => [])).map((name) => `${folder}/${name}`);
      return Promise.all(paths.filter((path) => findOwnFile(path) !== undefined).map(readOwnFile));
    }),
  );
  return Object.fromEntries(found.flat());
}

async function readOwnFile(path: string): Promise<[string, string]> {
  const isLink = findOwnFile(path)?.isLink === true;
  return [path, await (isLink ? readlink(path) : readFile(path, "utf8")).catch(() => "")];
}
