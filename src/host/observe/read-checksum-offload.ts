import type { SnapshotLink } from "../../model/snapshot.ts";
import { run } from "../../util/run.ts";

/** Only our own veth pairs are asked about: one process each, and a host can have hundreds of containers'. */
export async function readChecksumOffload(links: readonly SnapshotLink[]): Promise<SnapshotLink[]> {
  return Promise.all(
    links.map(async (link) => {
      if (link.kind !== "veth" || !/^spw[yw]/.test(link.name)) return link;
      const checksumOffload = await findChecksumOffload(link.name);
      return checksumOffload === undefined ? link : { ...link, checksumOffload };
    }),
  );
}

/** ethtool(8), -k: the sum over all protocols. Undefined where the tool is missing or the device just went away. */
async function findChecksumOffload(device: string): Promise<boolean | undefined> {
  const { stdout } = await run(["ethtool", "-k", device]);
  const value = /^tx-checksumming: (on|off)/m.exec(stdout)?.[1];
  return value === undefined ? undefined : value === "on";
}
