import { open } from "node:fs/promises";

/** A new name is on disk only when its directory is (fsync(2)). */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
