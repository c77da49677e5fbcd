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
  dataplane: Dataplane;
  addressing: Addressing;
  egress: Egress;
  mtu: MtuWish;
  attach: Attach;
}

export type Dataplane = VxlanDataplane;

/** Kernel VXLAN, head-end replication to a list of unicast peers. RFC 7348; drivers/net/vxlan in the kernel. */
export interface VxlanDataplane {
  type: "vxlan";
  peers: "unicast";
  /** UDP port; 8472 is the kernel's default, 4789 IANA's. */
  port: number;
  /** Fixed by the user, or chosen once and kept in the lock. */
  vni?: number;
}

export interface Addressing {
  mode: "slices";
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

export type Attach = { type: "docker-network"; network: string } | { type: "none" };
