import type { Prepared } from "./prepared.ts";
import type { Addressing } from "./cluster.ts";

/**
 * What must never move by itself. Lives beside the spec file, is committed with it, and is written by `apply` before
 * the first host is touched; `plan` only proposes it.
 */
export interface Lock {
  version: 2;
  cluster: string;
  /** RFC 9562 v4; part of every ownership mark. */
  uuid: string;
  hosts: Readonly<Record<string, LockedHost>>;
  networks: Readonly<Record<string, LockedNetwork>>;
  /** Tombstones: hosts that left the file and whose clean-up has not been seen yet. */
  removedHosts: Readonly<Record<string, LockedHost>>;
}

export interface LockedHost {
  /** 1-based, unique over living and removed hosts, never reused while a tombstone stands. */
  index: number;
  address: string;
  ssh: string;
  /** Public parts of what it made for itself; absent where no network needs any. */
  prepared?: Prepared;
}

export interface LockedNetwork {
  subnet: string;
  /** What its data plane has chosen once: only that plane's folder knows what is in it. */
  dataplane: DataplanePin;
  addressing: Addressing["mode"];
  /** Only where hosts have overlay addresses apart from their gateways: the prefix of those. */
  overlay?: string;
  mtuBytes: number;
  slicePrefix: number;
  /** Host name to slice, "10.64.1.0/24". */
  slices: Readonly<Record<string, string>>;
}

/** Flat, so that a change of the lock is one line in version control. */
export interface DataplanePin {
  readonly type: string;
  readonly [field: string]: string | number | undefined;
}
