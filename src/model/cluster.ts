/**
 * What the user asked for, checked and with every default filled in. The spec parser is the only producer.
 * Prefixes and addresses are canonical text (RFC 5952 for IPv6), lists are sorted by name.
 */
export interface Cluster {
  name: string;
  hosts: readonly Host[];
  networks: readonly Network[];
}

export interface Host {
  name: string;
  /** Underlay address: tunnels start and end here. */
  address: string;
  /** OpenSSH destination; defaults to the address. */
  ssh: string;
}

export interface Network {
  name: string;
  /** "10.64.0.0/12" */
  subnet: string;
  dataplane: DataplaneSpec;
  addressing: Addressing;
  egress: Egress;
  mtu: MtuWish;
  attach: Attach;
  /** Addresses kept for containers that ask for them (`docker run --ip`): name to address, sorted by name. */
  reservations: Readonly<Record<string, string>>;
}

/** How packets travel between hosts, defaults filled in. What else is in it only its folder under src/dataplanes knows. */
export interface DataplaneSpec {
  readonly type: string;
}

export interface Addressing {
  /** `slices`: one subnet, a range of it per host. `per-host`: a subnet per host inside a wider prefix, routed by the hosts. */
  mode: "slices" | "per-host";
  /** Only with `per-host`: where the hosts' overlay addresses come from; fixed by the user, or the first subnet. */
  overlay?: string;
  /** Fixed by the user, or chosen once and kept in the lock. */
  slicePrefix?: number;
  /** Slices the user pinned: host name to prefix. */
  pins: Readonly<Record<string, string>>;
}

/** `masquerade`: members reach the outside with the host's address. `none`: they do not reach it. */
export interface Egress {
  mode: "masquerade" | "none";
  /** What `verify` pings to see the outside; the host's default gateway when absent. */
  check?: string;
}

export type Encapsulation = "vxlan" | "gre" | "geneve" | "wireguard";

export interface MtuWish {
  /** Exact value; otherwise computed from the underlay. */
  bytes?: number;
  /** Leave room for a later change to this encapsulation. */
  reserve?: Encapsulation;
}

/** How members get on. What else is in it only its folder under src/attach knows. */
export interface Attach {
  readonly type: string;
  /** What members name to join (`docker run --network`); absent: nothing of a container runtime leads to it. */
  readonly network?: string;
}
