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
  /** 24 bits, 1..16777215: VXLAN network identifier (RFC 7348), Geneve VNI (RFC 8926) or GRE key (RFC 2890). */
  vni: number;
  /** What an `ovs` network looks like: another shape gets another key, so that old and new can stand side by side. */
  shape?: string;
  /** Only with per-host addressing: the prefix of the hosts' overlay addresses. */
  overlay?: string;
  mtuBytes: number;
  slicePrefix: number;
  /** Host name to slice, "10.64.1.0/24". */
  slices: Readonly<Record<string, string>>;
}
