import { MOST_MTU_BYTES } from "../net/mtu.ts";
import { familyOf } from "../net/prefix.ts";
import type { Lock } from "../model/lock.ts";
import type { ParsedSpec } from "../file/parse-spec.ts";
import { pinLock } from "./pin-lock.ts";

/** Stands in for a cluster's own until `apply` has given it one. */
const NO_UUID = "00000000-0000-4000-8000-000000000000";

/**
 * The lock as far as it is known before a host is asked: hosts, slices and reserved addresses are final, and so is a locked or
 * written MTU, which only a host may find too large. Throws SpanwireError as `pinLock` does.
 */
export function pinWithoutHosts({ cluster, locate }: Pick<ParsedSpec, "cluster" | "locate">, previous: Lock | undefined): Lock {
  const { lock } = pinLock({
    cluster,
    ...(previous === undefined ? {} : { previous }),
    uuid: NO_UUID,
    underlayMtuBytes: MOST_MTU_BYTES,
    underlayFamily: familyOf(cluster.hosts[0]?.address ?? "0.0.0.0"),
    locate,
  });
  return lock;
}
