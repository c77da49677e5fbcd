import type { Made } from "./prepared.ts";
import type { BootServices } from "../tools/own-files.ts";

/**
 * One host, read once. Plain JSON: the host program fills it, pure code reads it. Every list is sorted by the host
 * program, so equal hosts give equal bytes.
 */
export interface Snapshot {
  kernel: string;
  /** One boot of one network namespace: two hosts of a file that have the same are one machine. */
  machine?: string;
  links: readonly SnapshotLink[];
  addresses: readonly SnapshotAddress[];
  routes: readonly SnapshotRoute[];
  fdb: readonly SnapshotFdbEntry[];
  neighbours: readonly SnapshotNeighbour[];
  /** nft tables whose name starts with ours, as `nft -j` lists them (libnftables-json(5)). */
  nftTables: readonly SnapshotNftTable[];
  /** Key in dotted form to value, only the keys of sysctl-keys.ts that exist. */
  sysctls: Readonly<Record<string, string>>;
  /** Local UDP ports with a listener that is not one of our tunnels. */
  udpPorts: readonly number[];
  docker: SnapshotDocker;
  ovs: SnapshotOvs;
  dockerUser: SnapshotDockerUser;
  /** Commands we need, and where they were found; a missing one is absent. */
  tools: Readonly<Record<string, string>>;
  /** Values of foreign settings before we changed them (state directory). */
  former: Readonly<Record<string, string>>;
  /** Whether the kernel has WireGuard, or can load it; looked for only where wg(8) is. */
  kernelWireguard?: boolean;
  /** Public parts of what it made for itself, by cluster UUID; absent where there are none. */
  prepared?: Readonly<Record<string, Made>>;
  /** The last plan this host saw, from its journal. */
  lastPlan?: { planId: string; state: string };
  /** What starts this host's services; absent without systemd. */
  boot?: BootServices;
  /** Files of ours under /etc, by path; of a link, where it leads. */
  files?: Readonly<Record<string, string>>;
  /** How the host answers whoever manages it; absent when nobody says from where that is. */
  management?: ManagementPath;
  /** A revert that did not fully work, and what it left. */
  frozen?: { planId: string; since: string; remaining: readonly string[] };
}

export interface ManagementPath {
  /** The operator's end of the connection. */
  peer: string;
  /** Where packets to it leave, and the bridge that device is a port of. */
  device: string;
  master?: string;
  gateway?: string;
  /** Our own address there. */
  source: string;
}

export interface SnapshotLink {
  name: string;
  index: number;
  /** "bridge", "vxlan", "veth", ...; "" for physical devices. */
  kind: string;
  mac: string;
  mtuBytes: number;
  up: boolean;
  alias: string;
  master?: string;
  /** Only of our own veth pairs, and only where ethtool(8) is: checksums of sent packets are left to hardware. */
  checksumOffload?: boolean;
  vxlan?: {
    vni: number;
    port: number;
    local: string;
    learning: boolean;
    df: string;
    ttl: number;
    /** Default remote or multicast group, when one is set. */
    remote: string;
  };
  /** Only of links with a name like ours, and only where wg(8) is; the private key is never read. */
  wireguard?: SnapshotWireguard;
  /** Of GRE and Geneve links, which are never ours: where packets come from ("" for anywhere), and Geneve's UDP port. */
  tunnel?: { remote: string; port?: number };
  bridge?: { stp: boolean; mcastSnooping: boolean; vlanFiltering: boolean };
  /** Present when the device is a bridge port. */
  port?: {
    state: string;
    flood: boolean;
    mcastFlood: boolean;
    bcastFlood: boolean;
    isolated: boolean;
    neighSuppress: boolean;
    learning: boolean;
  };
  counters: { rxPackets: number; txPackets: number; rxBytes: number; txBytes: number; dropped: number };
}

export interface SnapshotWireguard {
  port: number;
  /** "" while it has none. */
  publicKey: string;
  peers: readonly SnapshotWireguardPeer[];
}

export interface SnapshotWireguardPeer {
  publicKey: string;
  /** "192.0.2.1:51840", "[2001:db8::1]:51840"; "" while nothing is known of it. */
  endpoint: string;
  /** Sorted. */
  allowedIps: readonly string[];
  /** 0: none are sent. */
  keepaliveS: number;
  /** The last handshake is young enough that its keys are in use (WireGuard whitepaper, 6.1: 180 s). */
  isAlive: boolean;
}

export interface SnapshotAddress {
  device: string;
  /** "10.64.1.1/12" */
  cidr: string;
}

export interface SnapshotRoute {
  /** "default" or a prefix. */
  destination: string;
  device: string;
  gateway?: string;
  /** Address that packets of the host itself leave with. */
  source?: string;
  protocol: string;
}

export interface SnapshotFdbEntry {
  device: string;
  mac: string;
  /** Remote VTEP, for entries of the tunnel itself. */
  destination?: string;
  /** The bridge whose table holds it, for bridge entries. */
  master?: string;
  /** "permanent", "static", or "" for a learned one. */
  state: string;
  /** A bridge entry that does not follow its MAC to another port. */
  sticky?: true;
}

export interface SnapshotNeighbour {
  device: string;
  address: string;
  mac: string;
  permanent: boolean;
}

export interface SnapshotNftTable {
  family: string;
  name: string;
  /** `nft -s list table`: valid input for nft -f, so that a revert can put back exactly what was there. */
  text: string;
  sets: readonly { name: string; elements: readonly string[] }[];
  chains: readonly SnapshotNftChain[];
}

export interface SnapshotNftChain {
  name: string;
  type: string;
  hook: string;
  priority: number;
  policy: string;
  /** In order; the comment is our rule id, "" for a rule that is not ours. `packets` when the rule counts. */
  rules: readonly { comment: string; packets?: number }[];
}

export type SnapshotDocker =
  | { state: "absent"; reason: string }
  | {
      state: "ready";
      version: string;
      apiVersion: string;
      swarm: boolean;
      /** What it makes its firewall with, as Docker says from version 29 on: "iptables", "nftables". */
      firewall?: string;
      networks: readonly SnapshotDockerNetwork[];
      endpoints: readonly SnapshotDockerEndpoint[];
      stopped: readonly SnapshotStoppedMember[];
    };

export interface SnapshotDockerNetwork {
  id: string;
  name: string;
  driver: string;
  scope: string;
  subnets: readonly { subnet: string; ipRange: string; gateway: string; aux: Readonly<Record<string, string>> }[];
  options: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  internal: boolean;
}

/** A running container's attachment to one of our Docker networks. */
export interface SnapshotDockerEndpoint {
  container: string;
  containerId: string;
  pid: number;
  network: string;
  address: string;
  mac: string;
  /** Host side of its veth pair; only looked up while the bridge lacks a port (see host/orphan-ports). */
  device?: string;
}

/** A container that does not run, and a Docker network it is on: one of ours, or one that is no more. */
export interface SnapshotStoppedMember {
  container: string;
  network: string;
  /** "" of a container that never ran. */
  networkId: string;
  /** Only one that was given by hand (`--ip`), which it will want again; else "". */
  address: string;
  /** Given by hand. */
  aliases: readonly string[];
}

/** Rules with a comment in chains where Docker has its own. */
export type SnapshotDockerUser =
  | { state: "absent"; reason: string }
  | {
      state: "ready";
      /** In the chain that Docker asks before its own. */
      rules: readonly SnapshotAcceptRule[];
      /** In the raw table's PREROUTING; only where Docker has rules there (from version 28 on), or may have. */
      raw?: readonly SnapshotAcceptRule[];
    };

export interface SnapshotAcceptRule {
  /** Without chain and comment. */
  rule: string;
  comment: string;
  /** Behind a rule of Docker's that drops what it should accept. */
  isLate?: true;
}

/** Open vSwitch's database (ovs-vswitchd.conf.db(5)), everybody's bridges and ports. */
export type SnapshotOvs =
  | { state: "absent"; reason: string }
  | {
      state: "ready";
      /** Whether the kernel's datapath is there: the database lists it also where it is not. */
      kernelDatapath: boolean;
      /** Why ovs-vswitchd does not answer, while the database does: what is written there is not what happens. */
      silent?: string;
      bridges: readonly SnapshotOvsBridge[];
      ports: readonly SnapshotOvsPort[];
    };

export interface SnapshotOvsBridge {
  name: string;
  datapath: string;
  failMode: string;
  stp: boolean;
  rstp: boolean;
  otherConfig: Readonly<Record<string, string>>;
  /** external_ids:spanwire; "" on bridges that are not ours. */
  mark: string;
}

/** A port with its (first) interface. */
export interface SnapshotOvsPort {
  name: string;
  bridge: string;
  type: string;
  options: Readonly<Record<string, string>>;
  mac: string;
  mtuRequestBytes: number;
  protected: boolean;
  otherConfig: Readonly<Record<string, string>>;
  bfd: Readonly<Record<string, string>>;
  error: string;
  mark: string;
  /** What it does now: "stp_state", "rstp_port_role", "rstp_port_state", "bfd_state" as far as they are known. */
  status: Readonly<Record<string, string>>;
}
