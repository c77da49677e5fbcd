import { SpanwireError } from "../model/problem.ts";
import type { Lock } from "../model/lock.ts";
import { parseSpec } from "../file/parse-spec.ts";
import { pinLock, type PinLockInput } from "./pin-lock.ts";

const UUID = "7a0d6c8e-2f8e-4e5b-9d0f-3f1b2a9c4d5e";

const clusterOf = (hosts: readonly string[], networks = "  apps: { subnet: 10.64.0.0/12 }", name = "test") => {
  const lines = hosts.map((host) => `  ${host}: { address: 192.0.2.${(Number(host.slice(2)) % 250) + 1} }`);
  return parseSpec(`version: 1\ncluster: ${name}\nhosts:\n${lines.join("\n")}\nnetworks:\n${networks}\n`, "spec.yaml");
};

/** Pins a spec with hosts named vm1, vm2, ...; networks begin three lines below the last host. */
export const pin = (hosts: readonly string[], previous?: Lock, networks?: string, more: Partial<PinLockInput> = {}) => {
  const { cluster, locate } = clusterOf(hosts, networks);
  return pinLock({
    cluster,
    uuid: UUID,
    underlayMtuBytes: 1500,
    underlayFamily: 4,
    locate,
    ...(previous === undefined ? {} : { previous }),
    ...more,
  });
};

/** "line:column kind, what: why -> try" of every problem; empty when there is none. */
export const problemsOf = (act: () => unknown): string[] => {
  try {
    act();
  } catch (error) {
    if (error instanceof SpanwireError)
      return error.problems.map(
        ({ kind, at, what, why, try: advice }) => `${at?.line}:${at?.column} ${kind}, ${what}: ${why} -> ${advice}`,
      );
    throw error;
  }
  return [];
};
