import type { ParsedSpec } from "../file/parse-spec.ts";
import type { Host } from "../model/cluster.ts";
import type { Lock } from "../model/lock.ts";
import type { Transport } from "../transport/connection.ts";
import type { LockStore } from "./lock-store.ts";

/** What the file says, what is locked, and a way to the hosts: what every act of the engine starts from. */
export interface Session {
  spec: ParsedSpec;
  locks: LockStore;
  /** As it was read when the session was opened. */
  lock: Lock | undefined;
  transport: Transport;
}

/** The file's hosts and those that left it but were not cleaned yet; `only` limits them. */
export function hostsOf({ spec, lock }: Pick<Session, "spec" | "lock">, only?: readonly string[]): Host[] {
  const { hosts } = spec.cluster;
  const known = new Set(hosts.map((host) => host.name));
  const left = Object.entries({ ...lock?.removedHosts, ...lock?.hosts }).flatMap(([name, { address, ssh }]) =>
    known.has(name) ? [] : [{ name, address, ssh }],
  );
  const all = [...hosts, ...left];
  return only === undefined ? all : all.filter((host) => only.includes(host.name));
}
