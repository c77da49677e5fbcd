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
  /** Addresses kept for containers that ask for them (`docker run --ip`): name to address, sorted by name. */
  reservations: Readonly<Record<string, string>>;
}

export type Dataplane = VxlanDataplane | OvsDataplane;

/** Kernel VXLAN, head-end replication to a list of unicast peers. RFC 7348; drivers/net/vxlan in the kernel. */
export interface VxlanDataplane {
  type: "vxlan";
  peers: "unicast";
  /** UDP port; 8472 is the kernel's default, 4789 IANA's. */
  port: number;
  /** Fixed by the user, or chosen once and kept in the lock. */
  vni?: number;
}

/** Open vSwitch: one bridge of its own per network, one tunnel port per linked host (ovs-vswitchd.conf.db(5)). */
export interface OvsDataplane {
  type: "ovs";
  tunnel: OvsTunnel;
  /** UDP port of VXLAN (RFC 7348: 4789) and Geneve (RFC 8926: 6081); GRE has none. */
  port?: number;
  /** Tells networks over the same hosts apart. A number fixed by the user; "none" is GRE without a key; absent: chosen once, kept in the lock. */
  key?: number | "none";
  topology: Topology;
  loops: LoopGuard;
  /** Bridge priorities the user set, by host: the lowest becomes the root (IEEE 802.1D, multiples of 4096 for RSTP). */
  priorities: Readonly<Record<string, number>>;
  /** How the OVS bridge meets our Linux bridge. */
  join: "internal" | "veth";
  /** "userspace" only when the user says so, or where a host's underlay is on such a bridge already. */
  datapath: "kernel" | "userspace";
}

export type OvsTunnel = "vxlan" | "gre" | "geneve";

export type Topology =
  | { shape: "mesh" }
  | { shape: "ring" }
  /** Everybody to one. */
  | { shape: "star"; hub: string }
  /** Pairs of host names, each sorted, sorted. */
  | { shape: "links"; links: readonly (readonly [string, string])[] }
  /** Each host to so many others, half of them on either side in the order of the hosts' numbers: no full mesh for many hosts. */
  | { shape: "nearest"; count: number };

/** What keeps frames from going round: no forwarding between tunnels, a spanning tree, or a topology without a cycle. */
export type LoopGuard = "split-horizon" | "rstp" | "stp" | "none";

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

export type Attach = { type: "docker-network"; network: string } | { type: "none" };
