/**
 * What must never move by itself. Lives beside the spec file, is committed with it, and is written by `apply` before
 * the first host is touched; `plan` only proposes it.
 */
export interface Lock {
  version: 1;
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
}

export interface LockedNetwork {
  subnet: string;
  /** 24-bit VXLAN network identifier, 1..16777215. */
  vni: number;
  mtuBytes: number;
  slicePrefix: number;
  /** Host name to slice, "10.64.1.0/24". */
  slices: Readonly<Record<string, string>>;
}
