import { createHash } from "node:crypto";

/**
 * Derived VNIs lie in 0x100000..0xFFFFFF: Docker Swarm counts from 4096 (moby, libnetwork/drivers/overlay/ovmanager),
 * flannel uses 1, and people choose small numbers.
 */
const FIRST = 0x10_0000;
const COUNT = 0x100_0000 - FIRST;

/**
 * The same network of the same cluster gets the same VNI on every machine, also after the lock was lost. `salt` is for
 * one that has a VNI already and needs another.
 */
export function deriveVni(clusterUuid: string, network: string, taken: ReadonlyMap<number, string>, salt?: string): number {
  const digest = createHash("sha256")
    .update(JSON.stringify([clusterUuid, network, ...(salt === undefined ? [] : [salt])]))
    .digest();
  let place = digest.readUInt32BE(0) % COUNT;
  while (taken.has(FIRST + place)) place = (place + 1) % COUNT;
  return FIRST + place;
}
