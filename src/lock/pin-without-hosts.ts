import { MOST_MTU_BYTES } from "../net/mtu.ts";
import { familyOf } from "../net/prefix.ts";
import type { Lock } from "../model/lock.ts";
import type { ParsedSpec } from "../file/parse-spec.ts";
import { pinLock, type PinLockInput } from "./pin-lock.ts";
import { SpanwireError, type Problem } from "../model/problem.ts";

/** Stands in for a cluster's own until `apply` has given it one. */
const NO_UUID = "00000000-0000-4000-8000-000000000000";

export interface PinnedWithoutHosts {
  lock: Lock;
  /** What is allowed only where no container is on the network, which a host would have to say. */
  onlyWhileEmpty: readonly Problem[];
}

/**
 * The lock as far as it is known before a host is asked: hosts, slices and reserved addresses are final, and so is a locked or
 * written MTU, which only a host may find too large. Throws SpanwireError as `pinLock` does.
 */
export function pinWithoutHosts(
  { cluster, locate }: Pick<ParsedSpec, "cluster" | "locate">,
  previous: Lock | undefined,
): PinnedWithoutHosts {
  const input: PinLockInput = {
    cluster,
    ...(previous === undefined ? {} : { previous }),
    uuid: NO_UUID,
    underlayMtuBytes: MOST_MTU_BYTES,
    underlayFamily: familyOf(cluster.hosts[0]?.address ?? "0.0.0.0"),
    locate,
  };
  try {
    return { lock: pinLock(input).lock, onlyWhileEmpty: [] };
  } catch (error) {
    if (!(error instanceof SpanwireError)) throw error;
    const { lock } = pinLock({ ...input, empty: new Set(Object.keys(previous?.networks ?? {})) });
    return {
      lock,
      onlyWhileEmpty: error.problems.map((problem) => ({ ...problem, why: `${problem.why}; it works only while no container is there` })),
    };
  }
}
