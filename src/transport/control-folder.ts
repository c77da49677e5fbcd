import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** Longest folder that leaves room in sun_path (108 bytes, unix(7)) for "/" + %C (40 hex digits) + ssh's own suffix of 17. */
const LONGEST_FOLDER = 108 - 1 - 1 - 40 - 17;

/**
 * Where ssh keeps sockets of shared connections: ours alone (0700), or none at all, because whoever can write there can
 * speak over our connections.
 */
export function findControlFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { uid } = userInfo();
  const runtime = environment["XDG_RUNTIME_DIR"];
  const folder = runtime === undefined || runtime === "" ? join(tmpdir(), `spanwire-${uid}`) : join(runtime, "spanwire");
  if (folder.length > LONGEST_FOLDER) return undefined;
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return undefined;
  }
  const found = lstatSync(folder, { throwIfNoEntry: false });
  const isOurs = found?.isDirectory() === true && found.uid === uid && (found.mode & 0o077) === 0;
  return isOurs ? folder : undefined;
}
