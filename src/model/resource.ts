import type { Snapshot } from "./snapshot.ts";

/** Everything that can exist on a host because of us. `kind` names the file in this folder that knows it. */
export type Resource =
  | BridgeResource
  | AddressResource
  | RouteResource
  | VxlanResource
  | OvsBridgeResource
  | OvsTunnelResource
  | OvsJoinResource
  | OvsVethResource
  | FloodListResource
  | NeighboursResource
  | SysctlResource
  | NftTableResource
  | DockerNetworkResource
  | BridgePortResource
  | FileResource;

export type ResourceKindName = Resource["kind"];

export interface BridgeResource {
  kind: "bridge";
  name: string;
  mac: string;
  mtuBytes: number;
  up: boolean;
  stp: boolean;
  /** Off: without a querier, snooping forgets groups and drops what members expect on an Ethernet switch. */
  mcastSnooping: boolean;
  mark: string;
}

export interface AddressResource {
  kind: "address";
  device: string;
  cidr: string;
}

export interface VxlanResource {
  kind: "vxlan";
  name: string;
  bridge: string;
  vni: number;
  port: number;
  local: string;
  mac: string;
  mtuBytes: number;
  /** "set": never fragment outside, or a wrong MTU stays hidden (ip-link(8), VXLAN "df"). */
  df: string;
  ttl: number;
  learning: boolean;
  /** Only one tunnel port of a network floods while two stand side by side (docs/adr/0004). */
  flooding: boolean;
  /** No frame goes from one tunnel port to another: split horizon. */
  isolated: boolean;
  neighSuppress: boolean;
  up: boolean;
  mark: string;
}

/** A way to another host's members over our own bridge. Goes away with it. */
export interface RouteResource {
  kind: "route";
  device: string;
  destination: string;
  via: string;
}

/** One network's Open vSwitch bridge on a host (ovs-vswitchd.conf.db(5), table Bridge). */
export interface OvsBridgeResource {
  kind: "ovs-bridge";
  name: string;
  /** As the database calls them: "system" is the kernel's, "netdev" userspace's. */
  datapath: "system" | "netdev";
  /** Also the lower half of the spanning tree's bridge id. */
  mac: string;
  spanningTree: "none" | "rstp" | "stp";
  /** Bridge priority of the spanning tree. */
  priority: number;
  /** Without a controller the bridge is a learning switch. */
  failMode: "standalone";
  mark: string;
}

/** A tunnel to one other host, as a port of our OVS bridge (tables Port and Interface). */
export interface OvsTunnelResource {
  kind: "ovs-tunnel";
  name: string;
  bridge: string;
  tunnel: "vxlan" | "gre" | "geneve";
  local: string;
  remote: string;
  /** "" for GRE without a key. */
  key: string;
  /** "" for GRE. */
  port: string;
  /** Split horizon: nothing goes from one protected port to another. */
  protected: boolean;
  /** Bidirectional forwarding detection (RFC 5880): a tunnel that silently loses everything goes down. */
  bfd: boolean;
  mark: string;
  /** What Open vSwitch says is wrong with it; "" when it works. ovs-vsctl itself exits 0. */
  error: string;
}

/** The internal port of our OVS bridge that is also a port of the network's Linux bridge. */
export interface OvsJoinResource {
  kind: "ovs-join";
  name: string;
  ovsBridge: string;
  bridge: string;
  mac: string;
  mtuBytes: number;
  /** As on a VXLAN device: only one way between hosts floods while two stand side by side (docs/adr/0004). */
  flooding: boolean;
  isolated: boolean;
  up: boolean;
  mark: string;
  error: string;
}

/** Instead of an internal port: a veth pair between our OVS bridge and the network's Linux bridge. */
export interface OvsVethResource {
  kind: "ovs-veth";
  /** The end in the Linux bridge. */
  name: string;
  /** The ends that are there. */
  devices: readonly string[];
  /** "" while the other end is no port of any. */
  ovsBridge: string;
  bridge: string;
  mac: string;
  mtuBytes: number;
  /** Of the end in the OVS bridge. */
  peerMtuBytes: number;
  /** The ends at which the kernel leaves checksums of sent packets to hardware (ethtool(8), "tx"). */
  checksumOffload: readonly string[];
  /** The protocols in which the OVS port takes part when its bridge speaks them: none is wanted. */
  spanningTrees: readonly ("stp" | "rstp")[];
  flooding: boolean;
  isolated: boolean;
  /** The ends that are up. */
  up: readonly string[];
  mark: string;
}

/** Head-end replication: every VTEP that gets a copy of a broadcast, sorted. All of one device's as one resource. */
export interface FloodListResource {
  kind: "flood-list";
  device: string;
  remotes: readonly string[];
}

/** What needs no asking: the peers' own overlay addresses, their MACs and the VTEP each sits behind, sorted. */
export interface NeighboursResource {
  kind: "neighbours";
  bridge: string;
  device: string;
  entries: readonly NeighbourEntry[];
}

/** Three kernel entries that belong together: neighbour on the bridge, FDB entry of tunnel and of bridge. */
export interface NeighbourEntry {
  address: string;
  mac: string;
  vtep: string;
  /** Only on observed entries of which a part is missing: the parts that are there. */
  parts?: readonly NeighbourPart[];
}

export type NeighbourPart = "neighbour" | "tunnel-fdb" | "bridge-fdb";

export interface SysctlResource {
  kind: "sysctl";
  key: string;
  value: string;
  /** Set when the key belongs to a device of ours and goes away with it: nothing to give back. */
  device?: string;
  /** The value found before our first write; only on observed resources we have changed. */
  former?: string;
}

export interface NftTableResource {
  kind: "nft-table";
  name: string;
  sets: readonly NftSet[];
  chains: readonly NftChain[];
  /** Only on observed tables: nft's own listing, which a revert writes back. */
  listing?: string;
}

export interface NftSet {
  name: string;
  type: "ipv4_addr" | "ipv6_addr";
  /** True when elements are prefixes. */
  interval: boolean;
  elements: readonly string[];
}

export interface NftChain {
  name: string;
  type: "filter" | "nat";
  hook: "prerouting" | "input" | "forward" | "output" | "postrouting";
  /** Numeric, see nft(8) "Standard priority names". */
  priority: number;
  rules: readonly NftRule[];
}

export interface NftRule {
  /** Hash of the text: the rule's comment in the kernel, by which it is recognised. */
  id: string;
  /** nft syntax without the comment. Empty on observed rules: the id stands for it. */
  text: string;
}

export interface DockerNetworkResource {
  kind: "docker-network";
  name: string;
  bridge: string;
  subnet: string;
  ipRange: string;
  gateway: string;
  mtuBytes: number;
  /** Docker's own masquerade; off, because it would also hide cross-host addresses. */
  masquerade: boolean;
  labels: Readonly<Record<string, string>>;
}

/** A running container's veth that lost its bridge and gets it back. Only ever desired, never owned. */
export interface BridgePortResource {
  kind: "bridge-port";
  device: string;
  bridge: string;
  container: string;
}

/** A file of ours outside the state directory, or a symbolic link of ours and where it leads (own-files.ts). */
export interface FileResource {
  kind: "file";
  path: string;
  content: string;
}

/** One field that is not as desired, and why that matters. */
export interface Difference {
  field: string;
  from: string;
  to: string;
  reason: string;
  /** Whether the kernel (or Docker) can change it in place. */
  needs: "change" | "replace";
}

/** One thing to run. Lines of one tool that stand together become one process (ip -batch, bridge -batch, ovs-vsctl, nft -f). */
export type Command =
  | { tool: "ip"; args: readonly string[] }
  | { tool: "bridge"; args: readonly string[] }
  /** One command of ovs-vsctl(8); those that stand together are one transaction. */
  | { tool: "ovs"; args: readonly string[]; /** Begins a transaction of its own. */ apart?: true }
  /** One call of ethtool(8). */
  | { tool: "ethtool"; args: readonly string[] }
  | { tool: "nft"; script: string }
  | { tool: "sysctl"; key: string; value: string }
  /** Keeps or drops the former value of a foreign setting in the state directory. */
  | { tool: "state"; op: "remember" | "forget"; key: string; value: string }
  | { tool: "file"; op: "write"; path: string; content: string }
  | { tool: "file"; op: "remove"; path: string }
  | { tool: "docker"; op: "create-network"; body: DockerNetworkBody; sweep: { device: string; range: string } }
  | { tool: "docker"; op: "remove-network"; name: string };

/** Docker Engine API, POST /networks/create. */
export interface DockerNetworkBody {
  Name: string;
  CheckDuplicate: true;
  Driver: "bridge";
  EnableIPv6: boolean;
  IPAM: { Driver: "default"; Config: { Subnet: string; IPRange: string; Gateway: string; AuxiliaryAddresses: Record<string, string> }[] };
  Options: Record<string, string>;
  Labels: Record<string, string>;
}

/**
 * A kind of thing on a host. Pure: nothing here does I/O, and equal input gives equal output.
 * `commands(before, after)` covers create (null, r), change (r, r2), remove (r, null) and, because it is only a
 * function of two states, its own inverse.
 */
export interface ResourceKind<R extends Resource> {
  kind: R["kind"];
  /** Identity on one host; two resources with one key cannot both exist there. */
  key(resource: R): string;
  /** Every resource of this kind on the host that carries the cluster's mark. */
  read(snapshot: Snapshot, clusterUuid: string): R[];
  /** Empty when `observed` is as `desired`; fields only the kernel or Docker fills are not compared. */
  compare(desired: R, observed: R): Difference[];
  /** Keys that must exist before this one is added, and outlive it. */
  dependencies(resource: R): string[];
  commands(before: R | null, after: R | null): Command[];
  /** For list-like kinds: holds what either state needs, so that a change can add before it removes. */
  union?(before: R, after: R): R;
  /** True when there is nothing to add: it is there as soon as the device it belongs to is. */
  isEmpty?(resource: R): boolean;
  /** Names the place only one of several side-by-side resources may serve actively. */
  slot?(resource: R): string;
  /** The same resource, present but passive, as it stands beside the one still in its slot. */
  standby?(resource: R): R;
  /** The resource whose removal takes this one along, so that removing both needs one step. */
  diesWith?(resource: R): string;
  /** Where parts of it stay when it dies with that: while this one remains, it is removed on its own. */
  leavesTracesOn?(resource: R): string;
  /** Additions that wait until every host has finished the `add` stage. */
  addsInSwitch?: boolean;
  /** False for what is on the host anyway: put right when desired, never removed. Absent means always ours. */
  isOwned?(resource: R): boolean;
  /** What running containers notice of the step. */
  impact(before: R | null, after: R | null): string;
}
